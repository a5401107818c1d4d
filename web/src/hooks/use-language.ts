import { languageStore } from "../i18n/language";
import { useStore } from "./use-store";

export function useLanguage() {
  return useStore(languageStore);
}
