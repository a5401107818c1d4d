import { useEffect } from "react";
import { useGuest } from "../../hooks/use-guest";
import { useLanguage } from "../../hooks/use-language";
import { useStoreOr } from "../../hooks/use-store";
import type { StageSnapshot } from "../../live/stage-watch";
import type { Viewer } from "../../live/viewer";
import { Button } from "../button";
import { Notice } from "../notice";
import { GuestPanel } from "./guest-panel";

interface GuestSideProps {
  viewer: Viewer;
  cast: StageSnapshot;
  /** What the person's camera sends, while it is on stage. */
  onOwn: (stream: MediaStream | null) => void;
}

const NOT_SENDING = { connected: false, unsupported: false };

/** Below the picture: where the person stands on its way to the stage. */
export function GuestSide({ viewer, cast, onOwn }: GuestSideProps) {
  const { t } = useLanguage();
  const isOn = cast.step === "accepted";
  const guest = useGuest(viewer, isOn || cast.step === "asked", isOn);
  const own = isOn ? (guest?.stream ?? null) : null;
  useEffect(() => {
    onOwn(own);
    return () => onOwn(null);
  }, [own, onOwn]);
  const { connected } = useStoreOr(guest?.publisher ?? null, NOT_SENDING);
  const { step } = cast;
  if (step === "declined" || step === "dropped") {
    return <Ended words={t(`cast.${step}`)} onClose={() => viewer.stage.close()} />;
  }
  if (cast.problem !== null) {
    return <Ended words={t("cast.full")} onClose={() => viewer.stage.close()} />;
  }
  if (guest === null) return null;
  return (
    <GuestPanel
      step={step}
      media={guest.media}
      connected={connected}
      onLeave={() => viewer.stage.leave()}
    />
  );
}

function Ended({ words, onClose }: { words: string; onClose: () => void }) {
  const { t } = useLanguage();
  return (
    <Notice>
      <span data-testid="stage-ended">{words}</span>{" "}
      <Button onClick={onClose}>{t("common.close")}</Button>
    </Notice>
  );
}
