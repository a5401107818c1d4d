import { Monitor, Moon, Sun } from "lucide-react";
import type { ReactNode } from "react";
import { useLanguage } from "../hooks/use-language";
import { useStore } from "../hooks/use-store";
import { languageStore } from "../i18n/language";
import { Link } from "../router";
import { themeStore } from "../theme";
import { BrandMark } from "./brand-mark";
import { IconButton } from "./button";
import styles from "./top-bar.module.css";

const THEME_ICONS = { auto: Monitor, dark: Moon, light: Sun };

interface TopBarProps {
  /** The page is a video, and wants the bar away where the screen is low. */
  stage?: boolean;
  /** What the page has in its bar, beside the mark. */
  children?: ReactNode;
}

export function TopBar({ stage = false, children }: TopBarProps) {
  const { t, language } = useLanguage();
  const { theme } = useStore(themeStore);
  const ThemeIcon = THEME_ICONS[theme];
  return (
    <header className={styles.bar} data-stage={stage || undefined} data-full={Boolean(children)}>
      <a className={styles.skip} href="#main">
        {t("nav.skip")}
      </a>
      <Link
        href="/"
        className={styles.brand}
        {...(children ? { "aria-label": t("app.name") } : {})}
      >
        <BrandMark className={styles.mark} />
        {!children && t("app.name")}
      </Link>
      {children}
      <IconButton label={t(`nav.theme.${theme}`)} onClick={() => themeStore.next()}>
        <ThemeIcon size={20} />
      </IconButton>
      <IconButton
        label={t("nav.language")}
        data-testid="lang-switch"
        lang={language === "en" ? "zh-CN" : "en"}
        onClick={() => languageStore.choose(language === "en" ? "zh-CN" : "en")}
      >
        <span className={styles.language}>{language === "en" ? "中" : "EN"}</span>
      </IconButton>
    </header>
  );
}
