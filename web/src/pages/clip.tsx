import { ArrowRight } from "lucide-react";
import { useEffect, useState } from "react";
import { buttonClass } from "../components/button";
import { KeptMessage } from "../components/kept/kept-message";
import { LinkActions } from "../components/kept/link-actions";
import { LiveBadge } from "../components/live-badge";
import { Notice } from "../components/notice";
import { TopBar } from "../components/top-bar";
import { useLanguage } from "../hooks/use-language";
import { useOpened } from "../hooks/use-opened";
import { useTitle } from "../hooks/use-title";
import { formatBytes, formatDate, formatDuration } from "../i18n/format";
import { roomOf } from "../live/identity";
import { clipFileUrl, clipImageUrl, clipPageUrl, clipUrl, type Pass } from "../live/kept/addresses";
import { askFor } from "../live/kept/ask";
import type { Clip } from "../live/kept/types";
import { lookUpRoom } from "../live/room-lookup";
import { parseRoomName, roomPath } from "../live/room-name";
import { Link } from "../router";
import styles from "./kept.module.css";

const load = (id: string, _: string | null, pass: Pass, signal: AbortSignal) =>
  askFor<Clip>(clipUrl(id, { pass }), { signal });

/** A clip: some seconds of a broadcast. */
export function ClipPage({ id }: { id: string }) {
  const { t } = useLanguage();
  // A link to a clip of a private room says which: the server tells it to nobody outside.
  const [named] = useState(() => parseRoomName(roomOf(location.hash) ?? ""));
  const { value: clip, pass, problem } = useOpened<Clip>(id, named, load);
  const title = clip ? (clip.title ?? t("clip.of", { room: clip.room })) : t("clip.player");
  useTitle(`${title} · ${t("app.name")}`);
  return (
    <>
      <TopBar />
      <main id="main" className={styles.main}>
        {clip ? (
          <Shown clip={clip} pass={pass} title={title} />
        ) : (
          <KeptMessage
            problem={problem}
            room={named}
            gone={{ title: t("clip.gone"), text: t("clip.goneText") }}
            shut={{
              title: t("clip.private"),
              text: t(named === null ? "clip.privateUnknown" : "clip.privateText"),
            }}
          />
        )}
      </main>
    </>
  );
}

function Shown({ clip, pass, title }: { clip: Clip; pass: Pass; title: string }) {
  const { t, language } = useLanguage();
  const [failed, setFailed] = useState(false);
  const poster = clipImageUrl(clip, pass);
  const { width = 16, height = 9 } = clip;
  return (
    <>
      <video
        className={styles.video}
        style={{ aspectRatio: `${width} / ${height}` }}
        src={clipFileUrl(clip.id, { pass })}
        {...(poster ? { poster } : {})}
        aria-label={title}
        data-testid="clip-video"
        controls
        playsInline
        preload={poster ? "metadata" : "auto"}
        onError={() => setFailed(true)}
      />
      {failed && <Notice tone="bad">{t("past.cannotPlay")}</Notice>}
      <div className={styles.about}>
        <h1 dir="auto">{title}</h1>
        <p className={styles.facts}>
          <time dateTime={new Date(clip.made).toISOString()}>
            {formatDate(clip.made, language)}
          </time>
          <span>{formatDuration(clip.seconds * 1000)}</span>
          <span>{formatBytes(clip.bytes)}</span>
        </p>
      </div>
      <RoomOf room={clip.room} isPrivate={pass !== null} />
      <div className={styles.panel}>
        <LinkActions
          label={t("clip.link")}
          title={title}
          url={(origin) => clipPageUrl(clip, pass, origin)}
          save={clipFileUrl(clip.id, { pass, save: true })}
        />
      </div>
    </>
  );
}

/** Where the clip comes from, and whether something is to be seen there now. */
function RoomOf({ room, isPrivate }: { room: string; isPrivate: boolean }) {
  const { t } = useLanguage();
  const isLive = useIsLive(isPrivate ? null : room);
  return (
    <div className={styles.room} data-testid="clip-room" data-live={isLive}>
      <span>
        {t("clip.room")} <strong>{room}</strong>
      </span>
      {isLive && <LiveBadge tone="live">{t("room.live")}</LiveBadge>}
      <Link href={roomPath(room)} className={buttonClass(isLive ? "primary" : "outline")}>
        {t(isLive ? "clip.roomLive" : "clip.roomOpen")}
        <ArrowRight size={18} aria-hidden="true" />
      </Link>
    </div>
  );
}

/** Looked up once. The server tells it of no private room: null. */
function useIsLive(room: string | null): boolean {
  const [isLive, setLive] = useState(false);
  useEffect(() => {
    if (room === null) return;
    const abort = new AbortController();
    lookUpRoom(room, abort.signal)
      .then((found) => setLive(found?.live === "live"))
      .catch(() => undefined);
    return () => abort.abort();
  }, [room]);
  return isLive;
}
