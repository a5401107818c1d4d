import { Monitor, Moon, Sun } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import { useStore } from "../hooks/use-store";
import { languageStore } from "../i18n/language";
import { themeStore } from "../theme";
import { IconButton } from "./button";
import styles from "./top-bar.module.css";

const THEME_ICONS = { auto: Monitor, dark: Moon, light: Sun };

export function ThemeButton() {
  const { t } = useLanguage();
  const { theme } = useStore(themeStore);
  const ThemeIcon = THEME_ICONS[theme];
  return (
    <IconButton label={t(`nav.theme.${theme}`)} onClick={() => themeStore.next()}>
      <ThemeIcon size={20} />
    </IconButton>
  );
}

export function LanguageButton() {
  const { t, language } = useLanguage();
  return (
    <IconButton
      label={t("nav.language")}
      data-testid="lang-switch"
      lang={language === "en" ? "zh-CN" : "en"}
      onClick={() => languageStore.choose(language === "en" ? "zh-CN" : "en")}
    >
      <span className={styles.language}>{language === "en" ? "中" : "EN"}</span>
    </IconButton>
  );
}
