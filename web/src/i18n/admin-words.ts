import { Store } from "../live/store";
import { fill, type Language, languageStore } from "./language";
import type { AdminKey } from "./zh-admin";

export type AdminTranslate = (key: AdminKey, values?: Record<string, string | number>) => string;

type Words = Readonly<Record<AdminKey, string>>;

const LOADERS: Record<Language, () => Promise<Words>> = {
  "zh-CN": async () => (await import("./zh-admin")).zhAdmin,
  en: async () => (await import("./en-admin")).enAdmin,
};

/** The words of the admin page, in the language of all pages. No other page loads them. */
class AdminWords extends Store<{ t: AdminTranslate }> {
  readonly #words = new Map<Language, Words>();

  constructor() {
    super({ t: () => "" });
    // Without its words the page goes on in the language that it has.
    languageStore.subscribe(() => void this.load().catch(() => undefined));
  }

  async load(): Promise<void> {
    const { language } = languageStore.getSnapshot();
    const words = this.#words.get(language) ?? (await LOADERS[language]());
    this.#words.set(language, words);
    if (language !== languageStore.getSnapshot().language) return;
    if (this.#spoken !== language) this.update({ t: (key, values) => fill(words[key], values) });
    this.#spoken = language;
  }

  #spoken: Language | null = null;
}

export const adminWords = new AdminWords();
