import { recallString, remember } from "../live/storage";
import { Store } from "../live/store";
import { detectLanguage, fill, type Language } from "./detect-language";
import { en } from "./en";
import { type Dictionary, type Key, zh } from "./zh";

export { detectLanguage, fill, type Language };

export type Translate = (key: Key, values?: Record<string, string | number>) => string;

const DICTIONARIES: Record<Language, Dictionary> = { "zh-CN": zh, en };

export function translator(language: Language): Translate {
  const dictionary = DICTIONARIES[language];
  return (key, values) => fill(dictionary[key], values);
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
