import { Headphones, Hourglass, MicOff, VideoOff, WifiLow } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { StageCard, StageChip } from "./stage-message";

/** What is to be said of a picture that is there, or of its sound. */
export function LiveNotes({ snapshot, isPast }: { snapshot: ViewerSnapshot; isPast: boolean }) {
  const { t } = useLanguage();
  if (snapshot.room?.video === "off" && !isPast) {
    return <StageCard icon={<VideoOff size={28} />} title={t("watch.audioOnly")} />;
  }
  if (snapshot.choice === "off") {
    return <StageCard icon={<Headphones size={28} />} title={t("picture.off")} />;
  }
  if (isPast) return null;
  if (snapshot.layer?.on === false && snapshot.layer.reason === "bandwidth") {
    const icon = <WifiLow size={16} aria-hidden="true" />;
    return <StageChip icon={icon} text={t("watch.starved")} />;
  }
  if (snapshot.room?.audio === "muted") {
    return <StageChip icon={<MicOff size={16} aria-hidden="true" />} text={t("watch.hostMuted")} />;
  }
  return null;
}

/** That there is no live path, and what is seen in its place. */
export function Delayed() {
  const { t } = useLanguage();
  return <StageChip icon={<Hourglass size={16} aria-hidden="true" />} text={t("watch.delayed")} />;
}
