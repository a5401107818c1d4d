import { Mic, MonitorOff, VideoOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { useLanguage } from "../hooks/use-language";
import { useMediaLoading } from "../hooks/use-media-loading";
import type { LocalMediaSnapshot } from "../live/local-media";
import { Spinner } from "./button";
import styles from "./host-preview.module.css";

/** What the host sends, as the host sees it: mirrored for a camera, never for a screen. */
export function HostPreview({ media, mirror }: { media: LocalMediaSnapshot; mirror: boolean }) {
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
  return (
    <div className={styles.stage}>
      <video
        ref={video}
        className={styles.video}
        data-testid="host-preview"
        data-mirror={mirror && source === "camera" && !isBack}
        aria-label={t("host.preview.label")}
        muted
        playsInline
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
      {videoTrack && videoOn && loading && (
        <div className={styles.cover} role="status">
          <Spinner />
          {t("host.preview.loading")}
        </div>
      )}
    </div>
  );
}
