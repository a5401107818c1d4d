import { ArrowRight, Tv, Video } from "lucide-react";
import styles from "../components/home.module.css";
import { RoomGrid } from "../components/room-grid";
import { TopBar } from "../components/top-bar";
import { WatchForm } from "../components/watch-form";
import { useLanguage } from "../hooks/use-language";
import { useTitle } from "../hooks/use-title";
import { Link } from "../router";

export function HomePage() {
  const { t } = useLanguage();
  useTitle(`${t("app.name")} · ${t("app.tagline")}`);
  return (
    <>
      <TopBar />
      <main id="main" className={styles.main}>
        <div className={styles.hero}>
          <h1>{t("home.title")}</h1>
          <p>{t("home.lead")}</p>
        </div>
        <div className={styles.doors}>
          <Link href="/host" className={`${styles.door} ${styles.host}`}>
            <span className={styles.doorIcon}>
              <Video size={24} aria-hidden="true" />
            </span>
            <h2>{t("home.host.title")}</h2>
            <p>{t("home.host.text")}</p>
            <ArrowRight className={styles.arrow} size={22} aria-hidden="true" />
          </Link>
          <section className={styles.door}>
            <span className={styles.doorIcon}>
              <Tv size={24} aria-hidden="true" />
            </span>
            <h2>{t("home.watch.title")}</h2>
            <p>{t("home.watch.text")}</p>
            <WatchForm />
          </section>
        </div>
        <RoomGrid />
      </main>
    </>
  );
}
