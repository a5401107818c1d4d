import { recallString, remember } from "../live/storage";
import { Store } from "../live/store";
import { detectLanguage, fill, type Language } from "./detect-language";
import type { Dictionary, Key } from "./zh";

export { detectLanguage, fill, type Language };

export type Translate = (key: Key, values?: Record<string, string | number>) => string;

type Words = Partial<Dictionary>;

/** How much a page says; each has the words of those before it. */
const PARTS = ["fan", "home", "room", "all"] as const;

type Part = (typeof PARTS)[number];

/** A page loads the words of the language that it speaks, and no other; a fan's, those of fans alone. */
const LOADERS: Record<Language, Record<Part, () => Promise<Words>>> = {
  "zh-CN": {
    fan: async () => (await import("./zh-fan")).zhFan,
    home: async () => (await import("./zh-home")).zhHome,
    room: async () => (await import("./zh-room")).zhRoom,
    all: async () => (await import("./zh")).zh,
  },
  en: {
    fan: async () => (await import("./en-fan")).enFan,
    home: async () => (await import("./en-home")).enHome,
    room: async () => (await import("./en-room")).enRoom,
    all: async () => (await import("./en")).en,
  },
};

/** `missing` is told of a word that is not there. */
export function translator(words: Words, missing?: (key: Key) => void): Translate {
  return (key, values) => {
    const text = words[key];
    if (text === undefined) missing?.(key);
    return fill(text ?? "", values);
  };
}

interface LanguageSnapshot {
  language: Language;
  t: Translate;
}

class LanguageStore extends Store<LanguageSnapshot> {
  readonly #words = new Map<Language, Words>();
  #wanted: Language;
  #part: Part = "fan";

  constructor(language: Language) {
    super({ language, t: () => "" });
    this.#wanted = language;
    document.documentElement.lang = language;
  }

  /** Has the words of a language, so that it can be spoken at once. */
  async load(language: Language = this.#wanted): Promise<void> {
    const part = this.#part;
    const words = this.#words.get(language) ?? (await LOADERS[language][part]());
    // More of them may have come meanwhile.
    if (part === this.#part) this.#words.set(language, words);
    if (language === this.#wanted) this.#speak(language);
  }

  /** For the home page. */
  loadHome(): Promise<void> {
    return this.#loadPart("home");
  }

  /** For what says more than a fan's page does at first. */
  loadRoom(): Promise<void> {
    return this.#loadPart("room");
  }

  /** For pages that say more than those of fans. */
  loadAll(): Promise<void> {
    return this.#loadPart("all");
  }

  choose(language: Language): void {
    remember("language", language);
    this.#wanted = language;
    if (this.#words.has(language)) this.#speak(language);
    // Without them the page goes on in the language that it has.
    else void this.load(language).catch(() => undefined);
  }

  async #loadPart(part: Part): Promise<void> {
    if (PARTS.indexOf(part) > PARTS.indexOf(this.#part)) {
      this.#part = part;
      this.#words.clear();
    }
    await this.load();
  }

  #speak(language: Language): void {
    const words = this.#words.get(language);
    if (!words) return;
    document.documentElement.lang = language;
    // A fan's page that says another word after all is given it a moment later.
    const t = translator(words, () => void this.loadAll().catch(() => undefined));
    this.update({ language, t });
  }
}

export const languageStore = new LanguageStore(
  detectLanguage(location.search, recallString("language"), navigator.languages ?? []),
);
