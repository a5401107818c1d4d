import { useLayoutEffect } from "react";
import { useCast } from "../../hooks/use-cast";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import type { Place } from "../../live/place";
import type { PlayerSnapshot } from "../../live/player";
import type { Stage } from "../../live/protocol";
import type { Viewer } from "../../live/viewer";
import { GuestTiles } from "./guest-tiles";

interface CastProps {
  viewer: Viewer;
  stage: Stage | undefined;
  player: PlayerSnapshot;
  /** What the person's own camera sends, while it is on stage. */
  own: MediaStream | null;
  /** Where the host is; null: all of the stage is the host's. */
  onHost: (place: Place | null) => void;
}

/** Who is on stage beside the host. */
export function Cast({ viewer, stage, player, own, onHost }: CastProps) {
  const { t } = useLanguage();
  const { speaker } = useStore(viewer.stage);
  const { me } = useStore(viewer.chat);
  const { tiles, host, places, pick } = useCast({
    stage,
    guests: viewer.guests,
    speaker,
    me: me?.uid ?? null,
    own,
    second: t("cast.second"),
  });
  const { x, y, w, h } = host;
  useLayoutEffect(() => {
    onHost({ x, y, w, h });
    return () => onHost(null);
  }, [onHost, x, y, w, h]);
  return (
    <GuestTiles
      tiles={tiles}
      places={places}
      muted={player.muted}
      volume={player.volume}
      paused={player.paused}
      speaker={speaker}
      onPick={pick}
    />
  );
}
