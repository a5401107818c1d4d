import { Mic, MonitorOff, VideoOff } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../hooks/use-language";
import { useMediaLoading } from "../hooks/use-media-loading";
import type { LocalMediaSnapshot } from "../live/local-media";
import { Spinner } from "./button";
import styles from "./host-preview.module.css";

interface HostPreviewProps {
  media: LocalMediaSnapshot;
  mirror: boolean;
  /** Told how wide the picture is for its height. */
  onShape?: (shape: number) => void;
}

/** What the host sends, as the host sees it: mirrored for a camera, never for a screen. */
export function HostPreview({ media, mirror, onShape }: HostPreviewProps) {
  const { t } = useLanguage();
  const video = useRef<HTMLVideoElement>(null);
  const { loading, handlers } = useMediaLoading();
  const { stream, videoTrack, videoOn, source } = media;
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    element.srcObject = stream;
    // Refused only where the element is gone already.
    void element.play()?.catch(() => undefined);
    return () => {
      element.srcObject = null;
    };
  }, [stream]);
  const isBack = videoTrack?.getSettings?.().facingMode === "environment";
  const [isUpright, setUpright] = useState(false);
  const sized = () => {
    const { videoWidth, videoHeight } = video.current ?? {};
    if (!videoWidth || !videoHeight) return;
    setUpright(videoHeight > videoWidth);
    onShape?.(videoWidth / videoHeight);
  };
  return (
    <div className={styles.stage} data-upright={isUpright}>
      <video
        ref={video}
        className={styles.video}
        data-testid="host-preview"
        data-mirror={mirror && source === "camera" && !isBack}
        aria-label={t("host.preview.label")}
        muted
        playsInline
        onResize={sized}
        {...handlers}
      />
      {!videoTrack && source === "none" && (
        <div className={styles.cover}>
          <MonitorOff size={36} aria-hidden="true" />
          {t("host.preview.noPicture")}
        </div>
      )}
      {!videoTrack && source !== "none" && (
        <div className={styles.cover}>
          <Mic size={36} aria-hidden="true" />
          {t("host.preview.noCamera")}
        </div>
      )}
      {videoTrack && !videoOn && (
        <div className={styles.cover}>
          <VideoOff size={36} aria-hidden="true" />
          {t("host.preview.cameraOff")}
        </div>
      )}
      {/* There before it says something, or it is not read aloud. */}
      <div className={styles.loading} role="status">
        {videoTrack && videoOn && loading && (
          <div className={styles.cover}>
            <Spinner />
            {t("host.preview.loading")}
          </div>
        )}
      </div>
    </div>
  );
}
