import { Play, VolumeX } from "lucide-react";
import { lazy, type MouseEvent, type ReactNode, Suspense, useRef } from "react";
import { useCast } from "../../hooks/use-cast";
import { useDanmaku } from "../../hooks/use-danmaku";
import { useIdle } from "../../hooks/use-idle";
import { useLanguage } from "../../hooks/use-language";
import { useMediaQuery } from "../../hooks/use-media-query";
import type { PlayerActions } from "../../hooks/use-player-keys";
import type { Stage } from "../../hooks/use-stage";
import { useStoreOr } from "../../hooks/use-store";
import { useTouch } from "../../hooks/use-touch";
import { CHAT_START } from "../../live/chat";
import type { DanmakuChoice } from "../../live/danmaku/settings";
import { STAGE_START } from "../../live/stage-watch";
import type { Viewer } from "../../live/viewer";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { GuestTiles, placeStyle } from "../cast/guest-tiles";
import { FanControls } from "./fan-controls";
import { FanOverlay } from "./fan-overlay";
import styles from "./fan-stage.module.css";

const Hearts = lazy(async () => ({ default: (await import("./hearts")).Hearts }));

const Rail = lazy(async () => ({ default: (await import("./rail")).Rail }));

interface FanStageProps {
  viewer: Viewer | null;
  snapshot: ViewerSnapshot;
  stage: Stage;
  actions: PlayerActions;
  danmaku: DanmakuChoice;
  /** Whether the page's chat can be seen beside or below the stage. */
  chatShown: boolean;
  /** The picture fills the phone, and the controls are at its edge. */
  bleed?: boolean;
  /** What the person's own camera sends, while it is on stage. */
  own?: MediaStream | null;
  /** In the card of who waits. */
  waiting?: ReactNode;
  /** Over the picture of a phone. */
  children?: ReactNode;
  onClear?: (clear: boolean) => void;
}

/** States in which a picture stands on the stage, moving or not. */
const WITH_PICTURE = ["live", "stalled", "interrupted", "reconnecting"];
const REDUCED = "(prefers-reduced-motion: reduce)";
const NOWHERE = () => 0;

export function hasPicture(snapshot: ViewerSnapshot, hasFrame: boolean): boolean {
  return WITH_PICTURE.includes(snapshot.phase) && hasFrame;
}

/** The picture with all that lies over it. */
export function FanStage(props: FanStageProps) {
  const { viewer, snapshot, stage, actions, danmaku } = props;
  const { t } = useLanguage();
  const { player, state, full } = stage;
  const canvas = useRef<HTMLCanvasElement>(null);
  // Without a picture there is nothing that the controls could be in front of.
  const soundOnly = snapshot.choice === "off";
  const idle = useIdle(stage.stage) && !state.paused && !soundOnly;
  const calm = useMediaQuery(REDUCED);
  const { speaker } = useStoreOr(viewer?.stage ?? null, STAGE_START);
  const { me } = useStoreOr(viewer?.chat ?? null, CHAT_START);
  const cast = useCast({
    stage: snapshot.room?.stage,
    guests: viewer?.guests ?? null,
    speaker,
    me: me?.uid ?? null,
    own: props.own ?? null,
    second: t("cast.second"),
  });
  const isCast = cast.tiles.length > 0;
  const shown = hasPicture(snapshot, state.hasFrame);
  useDanmaku(canvas, {
    chat: viewer?.chat ?? null,
    choice: danmaku,
    // There the chat itself is over the picture.
    running: shown && !state.paused && !calm && !props.bleed,
    untilShown: viewer?.untilShown ?? NOWHERE,
  });
  const touch = useTouch({
    onDoubleTap: (at) => shown && viewer?.chat.like(at),
    onSwipe: (direction) => props.onClear?.(direction === "right"),
  });
  const clicked = (event: MouseEvent) => {
    // A touch only shows the controls; a mouse click is the desktop's play button.
    const isTouch = (event.nativeEvent as PointerEvent).pointerType === "touch";
    if (shown && !isTouch) actions.togglePlay();
  };
  return (
    <section
      ref={stage.stage}
      className={styles.stage}
      aria-label={t("player.label")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys are for the volume while it has the focus
      tabIndex={0}
      data-testid="fan-state"
      data-state={snapshot.phase}
      data-idle={idle && shown}
      data-web={full.isWeb}
      data-picture={shown}
      data-portrait={state.isPortrait}
      data-sound-only={soundOnly}
      data-bleed={props.bleed}
      {...touch}
    >
      <video
        ref={stage.video}
        className={styles.video}
        data-testid="fan-video"
        aria-label={t("watch.video")}
        {...(isCast ? { style: placeStyle(cast.host) } : {})}
        muted
        playsInline
        onClick={clicked}
        onDoubleClick={full.toggleFull}
      />
      <canvas
        ref={stage.cover}
        className={styles.cover}
        hidden={!state.covered}
        {...(isCast ? { style: placeStyle(cast.host) } : {})}
      />
      {shown && (
        <GuestTiles
          tiles={cast.tiles}
          places={cast.places}
          muted={state.muted}
          volume={state.volume}
          paused={state.paused}
          speaker={speaker}
          onPick={cast.pick}
        />
      )}
      <canvas ref={canvas} className={styles.danmaku} data-testid="danmaku" hidden={!shown} />
      <FanOverlay snapshot={snapshot} hasFrame={state.hasFrame} waiting={props.waiting} />
      {viewer && shown && !calm && (
        <Suspense fallback={null}>
          <Hearts chat={viewer.chat} />
        </Suspense>
      )}
      {shown && state.paused && !state.blocked && (
        <button
          type="button"
          className={styles.play}
          aria-label={t("player.play")}
          onClick={() => void player?.play()}
        >
          <Play size={44} fill="currentcolor" aria-hidden="true" />
        </button>
      )}
      {props.children}
      {shown && props.bleed && (
        <Suspense fallback={null}>
          <Rail {...{ actions, stage, snapshot, danmaku, viewer }} />
        </Suspense>
      )}
      {shown && !props.bleed && (
        <FanControls
          {...{ actions, stage, snapshot, danmaku, viewer }}
          chatShown={props.chatShown && !full.isFull && !full.isWeb}
        />
      )}
      {shown && state.muted && !state.blocked && !state.paused && (
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
    </section>
  );
}
