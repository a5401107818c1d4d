import { type StudioText, studioText } from "../i18n/studio";
import { useLanguage } from "./use-language";

/** The words of all pages (`t`) and those of the studio (`s`). */
export function useStudioText() {
  const { t, language } = useLanguage();
  const s: StudioText = studioText(language);
  return { t, s, language };
}
