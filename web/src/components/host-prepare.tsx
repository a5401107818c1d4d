import { Camera, Clapperboard, MonitorUp } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import type { LocalMedia, LocalMediaSnapshot } from "../live/local-media";
import { Button } from "./button";
import styles from "./host-prepare.module.css";
import { MediaProblem } from "./media-problem";

interface HostPrepareProps {
  media: LocalMedia;
  snapshot: LocalMediaSnapshot;
  /** The host wants to send from another program. */
  onObs?: () => void;
}

/** Before any permission is asked for: what will happen, and one button. */
export function HostPrepare({ media, snapshot, onObs }: HostPrepareProps) {
  const { t } = useLanguage();
  const { status, error } = snapshot;
  const opening = status === "opening";
  const open = () => void media.open();
  const impossible = error === "insecure" || error === "unsupported";
  const canShare = !impossible && "getDisplayMedia" in (navigator.mediaDevices ?? {});
  return (
    <section className={styles.prepare}>
      <span className={styles.icon} aria-hidden="true">
        <Camera size={38} />
      </span>
      <h1>{t("host.prepare.title")}</h1>
      {!impossible && <p className={styles.text}>{t("host.prepare.text")}</p>}
      {/* There before it says something, or it is not read aloud. */}
      <div className={styles.error} aria-live="polite">
        <MediaProblem media={media} snapshot={snapshot} />
      </div>
      <div className={styles.actions}>
        {!impossible && (
          <Button
            kind="primary"
            large
            busy={opening}
            icon={<Camera size={20} />}
            data-testid="open-camera"
            onClick={open}
          >
            {t(opening ? "host.prepare.opening" : "host.prepare.open")}
          </Button>
        )}
        {canShare && (
          <Button
            large
            disabled={opening}
            icon={<MonitorUp size={20} />}
            data-testid="share-only"
            onClick={() => void media.openScreen()}
          >
            {t("host.prepare.screen")}
          </Button>
        )}
        {onObs && (
          <Button
            large
            kind="outline"
            icon={<Clapperboard size={20} />}
            data-testid="use-obs"
            onClick={onObs}
          >
            {t("prepare.obs")}
          </Button>
        )}
      </div>
    </section>
  );
}
