import { useCallback } from "react";
import { useLanguage } from "../hooks/use-language";
import type { LocalMedia, LocalMediaSnapshot } from "../live/local-media";
import { Button } from "./button";
import { MediaErrorCard } from "./media-error-card";
import { Toast } from "./toast";

interface MediaProblemProps {
  media: LocalMedia;
  snapshot: LocalMediaSnapshot;
}

/** What is wrong with the person's devices now; nothing when all is well. */
export function MediaProblem({ media, snapshot }: MediaProblemProps) {
  const { t } = useLanguage();
  const { error, stream } = snapshot;
  const dismiss = useCallback(() => media.dismissError(), [media]);
  if (error === null) return null;
  if (error === "cancelled") {
    return (
      <Toast onGone={dismiss} testId="share-cancelled">
        {t("media.cancelled")}
      </Toast>
    );
  }
  if (error === "device_lost") return <DeviceLost media={media} snapshot={snapshot} />;
  if (!stream) return <MediaErrorCard code={error} onRetry={() => void media.open()} />;
  const retry = error === "device_muted" ? () => void media.reopen() : undefined;
  return <MediaErrorCard code={error} onRetry={retry} onDismiss={dismiss} />;
}

/** Unplugged: what is used instead, and how to be rid of it. */
function DeviceLost({ media, snapshot }: MediaProblemProps) {
  const { t } = useLanguage();
  const { standIns, audioOn, videoOn } = snapshot;
  const dismiss = () => media.dismissError();
  if (standIns.length === 0) {
    const again = () => void media.reopen();
    return <MediaErrorCard code="device_lost" onRetry={again} onDismiss={dismiss} />;
  }
  const way = standIns
    .map(({ label }) => t("media.device_lost.instead", { device: label }))
    .join(" ");
  const has = (kind: string) => standIns.some((one) => one.kind === kind);
  return (
    <MediaErrorCard code="device_lost" way={way} onDismiss={dismiss}>
      {has("camera") && videoOn && (
        <Button onClick={() => media.setVideoOn(false)}>{t("host.cam.off")}</Button>
      )}
      {has("microphone") && audioOn && (
        <Button onClick={() => media.setAudioOn(false)}>{t("host.mic.off")}</Button>
      )}
    </MediaErrorCard>
  );
}
