import { RadioTower, Users } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import { useLiveRooms } from "../hooks/use-live-rooms";
import { useNow } from "../hooks/use-now";
import { formatCount, formatDuration } from "../i18n/format";
import type { RoomSummary } from "../live/protocol";
import { roomPath } from "../live/room-name";
import { Link } from "../router";
import styles from "./home.module.css";
import { LiveBadge } from "./live-badge";
import { Notice } from "./notice";
import { Poster } from "./poster";

export function RoomGrid() {
  const { t } = useLanguage();
  const { rooms, failed } = useLiveRooms();
  const now = useNow(true);
  return (
    <section className={styles.live} aria-labelledby="live-now">
      <h2 id="live-now">{t("home.live.title")}</h2>
      {failed && <Notice>{t("home.live.failed")}</Notice>}
      {rooms?.length === 0 && (
        <div className={styles.empty}>
          <RadioTower size={32} aria-hidden="true" />
          <h3>{t("home.live.empty")}</h3>
          <p>{t("home.live.emptyText")}</p>
        </div>
      )}
      {rooms && rooms.length > 0 && (
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

function RoomCard({ room, now }: { room: RoomSummary; now: number }) {
  const { t, language } = useLanguage();
  const interrupted = room.live === "interrupted";
  return (
    <Link href={roomPath(room.room)} className={styles.card}>
      <div className={styles.cover}>
        <Poster room={room.room} />
        <span className={styles.corner}>
          <LiveBadge tone={interrupted ? "warn" : "live"}>
            {t(interrupted ? "host.state.interrupted" : "host.state.live")}
          </LiveBadge>
        </span>
        <span className={styles.watching}>
          <Users size={14} aria-hidden="true" />
          {t("home.live.watching", { n: formatCount(room.viewers, language) })}
        </span>
      </div>
      <span className={styles.name}>{room.room}</span>
      <span className={styles.meta}>
        {room.host && <span>{room.host.name}</span>}
        <span>{t("home.live.started", { time: formatDuration(now - room.since) })}</span>
      </span>
    </Link>
  );
}
