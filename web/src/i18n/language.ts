import { recallString, remember } from "../live/storage";
import { Store } from "../live/store";
import { en } from "./en";
import { type Dictionary, type Key, zh } from "./zh";

export type Language = "zh-CN" | "en";

export type Translate = (key: Key, values?: Record<string, string | number>) => string;

const DICTIONARIES: Record<Language, Dictionary> = { "zh-CN": zh, en };

/** The address wins, then what was chosen before, then the browser's own order. */
export function detectLanguage(
  search: string,
  saved: string | null,
  preferred: readonly string[],
): Language {
  const asked = new URLSearchParams(search).get("lang");
  for (const wish of [asked, saved, ...preferred]) {
    if (wish && /^zh\b/i.test(wish)) return "zh-CN";
    if (wish && /^en\b/i.test(wish)) return "en";
  }
  return preferred.length === 0 ? "zh-CN" : "en";
}

export function translator(language: Language): Translate {
  const dictionary = DICTIONARIES[language];
  return (key, values) => fill(dictionary[key], values);
}

/** Puts values into the holes of a text, such as `{n}`. */
export function fill(text: string, values?: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => String(values?.[name] ?? hole));
}

interface LanguageSnapshot {
  language: Language;
  t: Translate;
}

class LanguageStore extends Store<LanguageSnapshot> {
  constructor(language: Language) {
    super({ language, t: translator(language) });
    document.documentElement.lang = language;
  }

  choose(language: Language): void {
    remember("language", language);
    document.documentElement.lang = language;
    this.update({ language, t: translator(language) });
  }
}

export const languageStore = new LanguageStore(
  detectLanguage(location.search, recallString("language"), navigator.languages ?? []),
);
