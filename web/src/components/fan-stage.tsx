import { Play, VolumeX } from "lucide-react";
import { type MouseEvent, useRef, useState } from "react";
import { useFullscreen } from "../hooks/use-fullscreen";
import { useIdle } from "../hooks/use-idle";
import { useLanguage } from "../hooks/use-language";
import { useMediaQuery } from "../hooks/use-media-query";
import { useMediaSession } from "../hooks/use-media-session";
import { usePip } from "../hooks/use-pip";
import { usePlayer } from "../hooks/use-player";
import { usePlayerKeys } from "../hooks/use-player-keys";
import type { Viewer, ViewerSnapshot } from "../live/viewer";
import { FanControls } from "./fan-controls";
import { FanOverlay } from "./fan-overlay";
import styles from "./fan-stage.module.css";
import { HelpDialog } from "./help-dialog";
import { StatsOverlay } from "./stats-overlay";

interface FanStageProps {
  viewer: Viewer | null;
  snapshot: ViewerSnapshot;
}

/** States in which a picture stands on the stage, moving or not. */
const WITH_PICTURE = ["live", "stalled", "interrupted", "reconnecting"];

/** States with nothing to count: what is said on the stage is not to be covered by old figures. */
const WITHOUT_STATS = ["waiting", "ended", "error"];

/** A phone held upright: beside the picture there is no room, below it there is. */
const UPRIGHT = "(max-width: 720px) and (min-height: 481px)";

export function FanStage({ viewer, snapshot }: FanStageProps) {
  const { t } = useLanguage();
  const stage = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const cover = useRef<HTMLCanvasElement>(null);
  const { player, state } = usePlayer(viewer, video, cover);
  const full = useFullscreen(stage, video);
  const pip = usePip(video);
  // Without a picture there is nothing that the controls could be in front of.
  const soundOnly = snapshot.choice === "off";
  const idle = useIdle(stage) && !state.paused && !soundOnly;
  const [panel, setPanel] = useState<"stats" | "help" | null>(null);
  if (panel === "stats" && WITHOUT_STATS.includes(snapshot.phase)) setPanel(null);
  const toggle = (name: "stats" | "help") => setPanel((now) => (now === name ? null : name));
  const below = useMediaQuery(UPRIGHT) && !full.isFull && !full.isWeb;
  const stats = panel === "stats" && (
    <StatsOverlay snapshot={snapshot} below={below} onClose={() => setPanel(null)} />
  );
  const actions = {
    togglePlay: () => player?.togglePlay(),
    toggleMuted: () => player?.toggleMuted(),
    changeVolume: (by: number) => player?.setVolume(state.volume + by),
    toggleFull: full.toggleFull,
    togglePip: pip.togglePip,
    toggleStats: () => toggle("stats"),
    toggleHelp: () => toggle("help"),
  };
  usePlayerKeys(actions);
  const hasPicture = WITH_PICTURE.includes(snapshot.phase) && state.hasFrame;
  useMediaSession(snapshot.room, player, hasPicture);
  const clicked = (event: MouseEvent) => {
    // A touch only shows the controls; a mouse click is the desktop's play button.
    const isTouch = (event.nativeEvent as PointerEvent).pointerType === "touch";
    if (hasPicture && !isTouch) actions.togglePlay();
  };
  return (
    <>
      <div
        ref={stage}
        className={styles.stage}
        data-testid="fan-state"
        data-state={snapshot.phase}
        data-idle={idle && hasPicture}
        data-web={full.isWeb}
        data-picture={hasPicture}
        data-portrait={state.isPortrait}
        data-sound-only={soundOnly}
      >
        <video
          ref={video}
          className={styles.video}
          data-testid="fan-video"
          aria-label={t("watch.video")}
          muted
          playsInline
          onClick={clicked}
          onDoubleClick={full.toggleFull}
        />
        <canvas ref={cover} className={styles.cover} hidden={!state.covered} />
        <FanOverlay snapshot={snapshot} hasFrame={state.hasFrame} />
        {hasPicture && (
          <FanControls
            actions={actions}
            full={full}
            canPip={pip.canPip}
            state={state}
            snapshot={snapshot}
            onVolume={(volume) => player?.setVolume(volume)}
            onChoose={(choice) => viewer?.choose(choice)}
          />
        )}
        {hasPicture && state.muted && !state.blocked && (
          <button
            type="button"
            className={styles.pill}
            data-testid="unmute"
            onClick={() => void player?.setMuted(false)}
          >
            <VolumeX size={20} aria-hidden="true" />
            {t("watch.unmute")}
          </button>
        )}
        {state.blocked && (
          <button type="button" className={styles.tap} onClick={() => void player?.play()}>
            <span>
              <Play size={20} aria-hidden="true" />
              {t("watch.tapToPlay")}
            </span>
          </button>
        )}
        {!below && stats}
        {panel === "help" && <HelpDialog onClose={() => setPanel(null)} />}
      </div>
      {below && stats}
    </>
  );
}
