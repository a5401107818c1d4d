import { RadioTower } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import { useNow } from "../hooks/use-now";
import type { LiveRoomsSnapshot } from "../live/rooms";
import styles from "./home.module.css";
import { Notice } from "./notice";
import { RoomCard } from "./room-card";

/** The rooms that are live, with their pictures. */
export function RoomGrid({ live }: { live: LiveRoomsSnapshot }) {
  const { t } = useLanguage();
  const { rooms, failed } = live;
  const now = useNow(true);
  const isLive = rooms !== null && rooms.length > 0;
  return (
    <section className={styles.live} aria-labelledby="live-now">
      {!isLive && <h2 id="live-now">{t("home.live.title")}</h2>}
      {failed && <Notice>{t("home.live.failed")}</Notice>}
      {rooms?.length === 0 && (
        <div className={styles.empty}>
          <RadioTower size={32} aria-hidden="true" />
          <h3>{t("home.live.empty")}</h3>
          <p>{t("home.live.emptyText")}</p>
        </div>
      )}
      {isLive && (
        <ul className={styles.grid}>
          {rooms.map((room) => (
            <li key={room.room}>
              <RoomCard room={room} now={now} />
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
