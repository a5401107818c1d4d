import { type ComponentType, type ReactNode, useEffect } from "react";
import { useStore } from "../hooks/use-store";
import { languageStore } from "../i18n/language";
import { Store } from "../live/store";

type Load<P> = () => Promise<ComponentType<P>>;

/** A component whose code is loaded when it is first shown, or before by `fetch`. */
export interface Later<P> {
  (props: P): ReactNode;
  fetch: () => void;
}

const RETRY_MS = 3_000;

/** Style sheets that did not come. Vite asks for each once. */
const lost = new Set<HTMLLinkElement>();

document.addEventListener(
  "error",
  ({ target }) => {
    if (target instanceof HTMLLinkElement && target.rel === "stylesheet") lost.add(target);
  },
  true,
);

/**
 * Keeps code out of a page's first load. Until the code is there `fallback` is shown. Code that does not come breaks
 * nothing: it is asked for again as long as its component is to be shown.
 */
export function later<P extends object>(load: Load<P>, fallback: ReactNode = null): Later<P> {
  const code = new Code(load);
  function Shown(props: P) {
    const { component: Component } = useStore(code);
    useEffect(() => code.want(), []);
    return Component ? <Component {...props} /> : fallback;
  }
  return Object.assign(Shown, { fetch: () => void code.load() });
}

/** The same for what is opened in a room: its words come with its code. */
export function laterWithWords<P extends object>(load: Load<P>, fallback?: ReactNode): Later<P> {
  return later(async () => {
    const [component] = await Promise.all([load(), languageStore.loadRoom()]);
    return component;
  }, fallback);
}

class Code<P> extends Store<{ component: ComponentType<P> | null }> {
  readonly #load: Load<P>;
  #loading: Promise<void> | null = null;
  #wanted = 0;

  constructor(load: Load<P>) {
    super({ component: null });
    this.#load = load;
  }

  /** Until the returned function is called it is tried again. */
  want(): () => void {
    this.#wanted += 1;
    void this.load();
    return () => {
      this.#wanted -= 1;
    };
  }

  load(): Promise<void> {
    this.#loading ??= this.#try();
    return this.#loading;
  }

  async #try(): Promise<void> {
    try {
      await Promise.all([...lost].map(fetchAgain));
      this.update({ component: await this.#load() });
    } catch {
      this.#loading = null;
      setTimeout(() => this.#wanted > 0 && void this.load(), RETRY_MS);
    }
  }
}

function fetchAgain(link: HTMLLinkElement): Promise<void> {
  lost.delete(link);
  return new Promise((resolve, reject) => {
    const again = link.cloneNode() as HTMLLinkElement;
    again.onload = () => resolve();
    again.onerror = reject;
    link.replaceWith(again);
  });
}
