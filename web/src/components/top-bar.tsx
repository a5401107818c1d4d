import type { ReactNode } from "react";
import { useLanguage } from "../hooks/use-language";
import { Link } from "../router";
import { BrandMark } from "./brand-mark";
import { LanguageButton, ThemeButton } from "./nav-buttons";
import styles from "./top-bar.module.css";

interface TopBarProps {
  /** The page is a video, and wants the bar away where the screen is low. */
  stage?: boolean;
  /** What the page has in its bar, beside the mark. */
  children?: ReactNode;
}

export function TopBar({ stage = false, children }: TopBarProps) {
  const { t } = useLanguage();
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
      <ThemeButton />
      <LanguageButton />
    </header>
  );
}
