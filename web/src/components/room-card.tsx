import { Users } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import { formatCount, formatDuration } from "../i18n/format";
import type { RoomSummary } from "../live/protocol";
import { roomPath } from "../live/room-name";
import { coverUrl } from "../live/rooms";
import { Link } from "../router";
import { LiveBadge } from "./live-badge";
import styles from "./room-card.module.css";
import { RoomPicture } from "./room-picture";

/** A live room with its picture: leads there. */
export function RoomCard({ room, now }: { room: RoomSummary; now: number }) {
  const { t, language } = useLanguage();
  const interrupted = room.live === "interrupted";
  return (
    <Link href={roomPath(room.room)} className={styles.card}>
      <div className={styles.cover}>
        <RoomPicture room={room.room} cover={coverUrl(room)} still={room.still} />
        <span className={styles.corner}>
          <LiveBadge tone={interrupted ? "warn" : "live"}>
            {t(interrupted ? "room.interrupted" : "room.live")}
          </LiveBadge>
        </span>
        <span className={styles.watching}>
          <Users size={14} aria-hidden="true" />
          {t("home.live.watching", { n: formatCount(room.viewers, language) })}
        </span>
      </div>
      <span className={styles.name} dir="auto">
        {room.title ?? room.room}
      </span>
      <span className={styles.meta}>
        {room.host && <span>{room.host.name}</span>}
        {room.title && <span>{room.room}</span>}
        <span>{t("home.live.started", { time: formatDuration(now - room.since) })}</span>
      </span>
    </Link>
  );
}
