import type { NoPath } from "../live/why-no-path";
import { fill, type Language } from "./language";
import words from "./room-paths.json";

/** Why a fan or a host has no path to the server. Apart from the words of the doctor, which fans need not load. */
export function noPathText(language: Language, { code, values }: NoPath): string {
  return fill(words[code][language === "en" ? "en" : "zh"], values);
}
