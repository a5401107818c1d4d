import { fill, type Language } from "./language";
import { studioEn } from "./studio-en";
import { type StudioKey, studioZh } from "./studio-zh";

export type StudioText = (
  key: StudioKey,
  values?: Readonly<Record<string, string | number>>,
) => string;

const TEXTS: Readonly<Record<Language, StudioText>> = {
  "zh-CN": (key, values) => fill(studioZh[key], values),
  en: (key, values) => fill(studioEn[key], values),
};

/** What the studio says, in the person's language. */
export function studioText(language: Language): StudioText {
  return TEXTS[language];
}
