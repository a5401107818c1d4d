import { ArrowRight, Tv, Video } from "lucide-react";
import { buttonClass } from "../components/button";
import styles from "../components/home.module.css";
import { RoomGrid } from "../components/room-grid";
import { TopBar } from "../components/top-bar";
import { WatchForm } from "../components/watch-form";
import { useLanguage } from "../hooks/use-language";
import { useLiveRooms } from "../hooks/use-live-rooms";
import { useTitle } from "../hooks/use-title";
import { Link } from "../router";

/** Who is live comes first. While nobody is, the two doors have the page. */
export function HomePage() {
  const { t } = useLanguage();
  const live = useLiveRooms();
  useTitle(`${t("app.name")} · ${t("app.tagline")}`);
  const isKnown = live.rooms !== null || live.failed;
  const isLive = (live.rooms?.length ?? 0) > 0;
  return (
    <>
      <TopBar />
      <main id="main" className={styles.main} data-live={isLive}>
        {isLive && <Bar />}
        {isKnown && !isLive && <Doors />}
        {!isKnown && <h1 className="visually-hidden">{t("app.name")}</h1>}
        <RoomGrid live={live} />
      </main>
    </>
  );
}

function Bar() {
  const { t } = useLanguage();
  return (
    <div className={styles.bar} data-testid="doors-bar">
      <h1 id="live-now">{t("home.live.title")}</h1>
      <WatchForm compact />
      <Link href="/host" className={`${buttonClass("primary")} ${styles.go}`}>
        <Video size={18} aria-hidden="true" />
        {t("home.host.title")}
      </Link>
    </div>
  );
}

function Doors() {
  const { t } = useLanguage();
  return (
    <>
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
    </>
  );
}
