import { Compass } from "lucide-react";
import { buttonClass } from "../components/button";
import { TopBar } from "../components/top-bar";
import { useLanguage } from "../hooks/use-language";
import { useTitle } from "../hooks/use-title";
import { Link } from "../router";
import styles from "./not-found.module.css";

export function NotFoundPage() {
  const { t } = useLanguage();
  useTitle(`${t("notFound.title")} · ${t("app.name")}`);
  return (
    <>
      <TopBar />
      <main id="main" data-testid="not-found" className={styles.main}>
        <Compass size={44} aria-hidden="true" />
        <h1>{t("notFound.title")}</h1>
        <p>{t("notFound.text")}</p>
        <Link href="/" className={buttonClass("primary", true)}>
          {t("notFound.home")}
        </Link>
      </main>
    </>
  );
}
