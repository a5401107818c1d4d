import { Volume2, VolumeX } from "lucide-react";
import type { Back } from "../../hooks/use-back";
import { useLanguage } from "../../hooks/use-language";
import type { PlayerActions } from "../../hooks/use-player-keys";
import type { Stage } from "../../hooks/use-stage";
import type { DanmakuChoice } from "../../live/danmaku/settings";
import type { Viewer } from "../../live/viewer";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { IconButton } from "../button";
import { ClipButton } from "../kept/clip-button";
import { GearMenu } from "./gear-menu";
import { LikeButton } from "./like-bar";
import styles from "./rail.module.css";
import { SeekMenu } from "./seek-menu";
import { StageButton } from "./stage-button";

interface RailProps {
  actions: PlayerActions;
  back: Back;
  stage: Stage;
  snapshot: ViewerSnapshot;
  danmaku: DanmakuChoice;
  viewer: Viewer | null;
  onLive: () => void;
}

/** The controls of a picture that fills a phone: at the right edge, where a thumb is. */
export function Rail(props: RailProps) {
  const { t } = useLanguage();
  const { actions, back, stage, viewer } = props;
  const { muted } = stage.state;
  const { room } = props.snapshot;
  return (
    <div className={styles.rail} role="toolbar" aria-label={t("player.controls")}>
      {viewer && <LikeButton chat={viewer.chat} look="over" />}
      {viewer && <StageButton viewer={viewer} snapshot={props.snapshot} />}
      {viewer && room?.live === "live" && room.kept.clips && (
        <ClipButton room={viewer.room} pass={room.kept.pass} look="over" />
      )}
      <IconButton
        look="over"
        label={t(muted ? "player.unmute" : "player.mute")}
        onClick={actions.toggleMuted}
      >
        {muted ? <VolumeX size={24} /> : <Volume2 size={24} />}
      </IconButton>
      {back.rewind && <SeekMenu {...props} rewind={back.rewind} />}
      <GearMenu {...props} />
    </div>
  );
}
