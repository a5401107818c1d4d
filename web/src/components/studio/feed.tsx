import { Radio } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { usePlayer } from "../../hooks/use-player";
import { useStoreOr } from "../../hooks/use-store";
import type { Studio } from "../../hooks/use-studio";
import { formatBitrate } from "../../i18n/format";
import { languageStore } from "../../i18n/language";
import { hostIdentity } from "../../live/host-key";
import { Viewer } from "../../live/viewer";
import { VIEWER_START } from "../../live/viewer-snapshot";
import { Button, Spinner } from "../button";
import previewStyles from "../host-preview.module.css";
import { Card } from "./cards";
import styles from "./preview.module.css";
import { TakenCard } from "./taken-cards";

/** A look at what an encoder sends in the host's name: a connection that counts as no viewer. */
function useFeed(room: string): Viewer | null {
  const [viewer, setViewer] = useState<Viewer | null>(null);
  useEffect(() => {
    const { language } = languageStore.getSnapshot();
    const made = new Viewer({ room, lang: language, host: hostIdentity() });
    setViewer(made);
    return () => made.close();
  }, [room]);
  return viewer;
}

/** The picture that OBS, ffmpeg or another page sends. */
export function FeedPreview({ room }: { room: string }) {
  const { t } = useLanguage();
  const viewer = useFeed(room);
  const { stats } = useStoreOr(viewer, VIEWER_START);
  const video = useRef<HTMLVideoElement>(null);
  const cover = useRef<HTMLCanvasElement>(null);
  const { state } = usePlayer(viewer, video, cover);
  const [shape, setShape] = useState(16 / 9);
  const sized = () => {
    const { videoWidth, videoHeight } = video.current ?? {};
    if (videoWidth && videoHeight) setShape(videoWidth / videoHeight);
  };
  return (
    <div className={styles.room}>
      <div
        className={styles.frame}
        style={{ "--shape": shape } as React.CSSProperties}
        data-frame=""
      >
        <div className={previewStyles.stage}>
          <video
            ref={video}
            className={previewStyles.video}
            data-testid="feed-preview"
            aria-label={t("host.preview.label")}
            muted
            playsInline
            onResize={sized}
          />
          <canvas ref={cover} className={previewStyles.video} hidden={!state.covered} />
          {!state.hasFrame && (
            <div className={previewStyles.cover}>
              <Spinner />
              {t("feed.wait")}
            </div>
          )}
        </div>
        {stats && (
          <p className={styles.received}>
            {t("health.received")} {formatBitrate(stats.bitrateBps)}
            {stats.fps === null ? "" : ` · ${Math.round(stats.fps)} fps`}
            {stats.width ? ` · ${stats.width}×${stats.height}` : ""}
            {stats.codec ? ` · ${stats.codec}` : ""}
          </p>
        )}
      </div>
    </div>
  );
}

/** What a host may do about it; somebody else's broadcast is none of its business. */
export function FeedCard({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { media, snapshot, broadcast, goLive } = studio;
  const { room, standing } = broadcast;
  if (room && standing !== "host") return <TakenCard studio={studio} room={room.room} />;
  const take = async () => {
    if (!snapshot.stream) await media.open();
    if (media.getSnapshot().stream) goLive();
  };
  return (
    <Card title={t("feed.title")} text={t("feed.text")} testId="feed">
      <Button icon={<Radio size={18} />} data-testid="feed-take" onClick={() => void take()}>
        {t("feed.take")}
      </Button>
      <Button kind="danger" data-testid="end-live" onClick={studio.askEnd}>
        {t("host.end")}
      </Button>
    </Card>
  );
}
