import { Users } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../hooks/use-language";
import { formatCount, formatDuration } from "../i18n/format";
import type { RoomSummary } from "../live/protocol";
import { roomPath } from "../live/room-name";
import { coverUrl } from "../live/rooms";
import { Link } from "../router";
import { LiveBadge } from "./live-badge";
import { Poster } from "./poster";
import styles from "./room-card.module.css";

/** A live room with its picture: leads there. */
export function RoomCard({ room, now }: { room: RoomSummary; now: number }) {
  const { t, language } = useLanguage();
  const interrupted = room.live === "interrupted";
  return (
    <Link href={roomPath(room.room)} className={styles.card}>
      <div className={styles.cover}>
        <Cover room={room} />
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

/** The picture of a room; its initial until it is there, and when it does not come. */
function Cover({ room }: { room: RoomSummary }) {
  const url = coverUrl(room);
  const [failed, setFailed] = useState<string | null>(null);
  return (
    <>
      <Poster room={room.room} />
      {url !== null && url !== failed && (
        <img
          className={styles.picture}
          src={url}
          alt=""
          loading="lazy"
          decoding="async"
          onError={() => setFailed(url)}
        />
      )}
    </>
  );
}
