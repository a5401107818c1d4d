import { recallString, remember } from "./live/storage";
import { Store } from "./live/store";

export const THEMES = ["auto", "dark", "light"] as const;
export type Theme = (typeof THEMES)[number];

/** The chosen look, on the root element where the styles read it. */
class ThemeStore extends Store<{ theme: Theme }> {
  constructor() {
    const saved = recallString("theme");
    super({ theme: THEMES.find((theme) => theme === saved) ?? "auto" });
    this.#apply();
  }

  next(): void {
    const index = THEMES.indexOf(this.getSnapshot().theme);
    const theme = THEMES[(index + 1) % THEMES.length] ?? "auto";
    remember("theme", theme);
    this.update({ theme });
    this.#apply();
  }

  #apply(): void {
    document.documentElement.dataset.theme = this.getSnapshot().theme;
  }
}

export const themeStore = new ThemeStore();
