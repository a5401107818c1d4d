import { Megaphone, Share2, Users } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useNow } from "../../hooks/use-now";
import { formatCount, formatDuration } from "../../i18n/format";
import type { Viewer } from "../../live/viewer";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { Button } from "../button";
import { hueOf } from "../chat/hue";
import { later, laterWithWords } from "../later";
import { LiveBadge } from "../live-badge";
import { LikeButton } from "./like-bar";
import styles from "./room-info.module.css";

const ShareDialog = laterWithWords(async () => (await import("./share-dialog")).ShareDialog);

const StageButton = laterWithWords(async () => (await import("./stage-button")).StageButton);

const RecMark = later(async () => (await import("../kept/rec-mark")).RecMark);

interface RoomInfoProps {
  room: string;
  viewer: Viewer | null;
  snapshot: ViewerSnapshot;
  /** Says that the broadcast is recorded. */
  isRecorded?: boolean;
  children?: ReactNode;
}

/** Below the picture: whose room this is, what it is about, how many are there. */
export function RoomInfo(props: RoomInfoProps) {
  const { room, viewer, snapshot, isRecorded = false, children } = props;
  const { t } = useLanguage();
  const [sharing, setSharing] = useState(false);
  const state = snapshot.room;
  const host = state?.host?.name;
  const isOn = state?.live === "live" || state?.live === "interrupted";
  return (
    <div className={styles.info}>
      <div className={styles.row}>
        <Avatar name={host ?? room} />
        <div className={styles.title}>
          <h1 dir="auto">{state?.title ?? room}</h1>
          <p>
            <Timer snapshot={snapshot} />
            {isRecorded && <RecMark />}
            {!snapshot.problem && isOn && (
              <span className={styles.count}>
                <Users size={16} aria-hidden="true" />
                <Viewers n={snapshot.viewers} />
              </span>
            )}
            {host && <span>{t("room.hostedBy", { name: host })}</span>}
            {state?.title && <span>{room}</span>}
          </p>
        </div>
        <div className={styles.actions}>
          {viewer && <LikeButton chat={viewer.chat} />}
          {viewer && state?.stage.open && <StageButton viewer={viewer} snapshot={snapshot} />}
          <Button
            icon={<Share2 size={18} />}
            data-testid="share"
            aria-haspopup="dialog"
            onClick={() => setSharing(true)}
          >
            <span className={styles.word}>{t("watch.share")}</span>
          </Button>
          {children}
        </div>
      </div>
      {state?.notice && (
        <p className={styles.notice} dir="auto">
          <Megaphone size={16} aria-label={t("room.notice")} role="img" />
          {state.notice}
        </p>
      )}
      {sharing && (
        <ShareDialog room={room} title={state?.title ?? room} onClose={() => setSharing(false)} />
      )}
    </div>
  );
}

/** How many watch; on a phone the number alone is seen. */
function Viewers({ n }: { n: number }) {
  const { t, language } = useLanguage();
  const count = formatCount(n, language);
  return (
    <>
      <span className={styles.word} data-testid="viewer-count" data-count={n}>
        {t("watch.viewers", { n: count })}
      </span>
      <span className={styles.number} aria-hidden="true">
        {count}
      </span>
    </>
  );
}

/** How long it is on air. It stands still, and is not red, while nothing comes. */
function Timer({ snapshot }: { snapshot: ViewerSnapshot }) {
  const { t } = useLanguage();
  const { room, phase } = snapshot;
  const since = room?.since ?? null;
  const isLive = phase === "live";
  const now = useNow(isLive && since !== null);
  if (since === null || room === null || room.live === "ended" || room.live === "offline") {
    return null;
  }
  return (
    <LiveBadge tone={isLive ? "live" : "off"}>
      <span className="visually-hidden">{t("room.onAirFor")} </span>
      <span data-testid="timer">{formatDuration(now - since)}</span>
    </LiveBadge>
  );
}

/** The host's initial in a colour of its own. */
export function Avatar({ name }: { name: string }) {
  const [first = ""] = name;
  return (
    <span
      className={styles.avatar}
      style={{ "--hue": hueOf(name) } as React.CSSProperties}
      aria-hidden="true"
    >
      {first.toUpperCase()}
    </span>
  );
}
