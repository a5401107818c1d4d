import { Check, Share2, Users } from "lucide-react";
import { useCopy } from "../hooks/use-copy";
import { useLanguage } from "../hooks/use-language";
import { useNow } from "../hooks/use-now";
import { formatCount, formatDuration } from "../i18n/format";
import { roomUrl } from "../live/room-name";
import type { ViewerSnapshot } from "../live/viewer-snapshot";
import { Button } from "./button";
import { LiveBadge } from "./live-badge";
import styles from "./room-meta.module.css";

/** Under the picture: whose room this is, and how many are there. */
export function RoomMeta({ room, snapshot }: { room: string; snapshot: ViewerSnapshot }) {
  const { t, language } = useLanguage();
  const { copied, copy } = useCopy();
  const since = snapshot.room?.live === "live" ? snapshot.room.since : null;
  const now = useNow(since !== null);
  const host = snapshot.room?.host?.name;
  const url = roomUrl(room);
  const share = () => {
    // The system's sheet where there is one; a refusal there is a decision, not an error.
    if (navigator.share) void navigator.share({ title: room, url }).catch(() => undefined);
    else copy(url);
  };
  return (
    <div className={styles.meta}>
      <div className={styles.title}>
        <h1>{room}</h1>
        {host && <p>{t("room.hostedBy", { name: host })}</p>}
      </div>
      {since !== null && <LiveBadge tone="live">{formatDuration(now - since)}</LiveBadge>}
      {!snapshot.problem && since !== null && (
        <span className={styles.count}>
          <Users size={18} aria-hidden="true" />
          <span data-testid="viewer-count" data-count={snapshot.viewers}>
            {t("watch.viewers", { n: formatCount(snapshot.viewers, language) })}
          </span>
        </span>
      )}
      <Button icon={copied ? <Check size={18} /> : <Share2 size={18} />} onClick={share}>
        {copied ? t("common.copied") : t("watch.share")}
      </Button>
    </div>
  );
}
