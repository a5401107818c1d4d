import { useLanguage } from "../hooks/use-language";
import { Link } from "../router";
import { BrandMark } from "./brand-mark";
import { LanguageButton, ThemeButton } from "./nav-buttons";
import styles from "./top-bar.module.css";

/** `stage`: the page is a video, and wants the bar away where the screen is low. */
export function TopBar({ stage = false }: { stage?: boolean }) {
  const { t } = useLanguage();
  return (
    <header className={styles.bar} data-stage={stage || undefined}>
      <a className={styles.skip} href="#main">
        {t("nav.skip")}
      </a>
      <Link href="/" className={styles.brand}>
        <BrandMark className={styles.mark} />
        {t("app.name")}
      </Link>
      <ThemeButton />
      <LanguageButton />
    </header>
  );
}
