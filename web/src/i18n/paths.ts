import { fill, type Language } from "./language";
import words from "./paths.json";

export type PathKey = keyof typeof words;

/** A sentence about a way to the server. `kaibo doctor` says the same ones. */
export function pathText(
  language: Language,
  key: PathKey,
  values?: Readonly<Record<string, string | number>>,
): string {
  return fill(words[key][language === "en" ? "en" : "zh"], values);
}
