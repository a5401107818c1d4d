import { Play, VolumeX } from "lucide-react";
import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from "react";
import type { Back } from "../../hooks/use-back";
import { fetchDanmaku, useDanmaku } from "../../hooks/use-danmaku";
import { useIdle } from "../../hooks/use-idle";
import { useLanguage } from "../../hooks/use-language";
import { useMediaQuery } from "../../hooks/use-media-query";
import type { PlayerActions } from "../../hooks/use-player-keys";
import type { Stage } from "../../hooks/use-stage";
import { useStoreOr } from "../../hooks/use-store";
import { useTouch } from "../../hooks/use-touch";
import type { DanmakuChoice } from "../../live/danmaku/settings";
import { FALLBACK_START } from "../../live/fallback";
import { NO_STREAMS, SECOND_STREAM } from "../../live/guest-streams";
import { type Place, placeStyle } from "../../live/place";
import type { Viewer } from "../../live/viewer";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { later, laterWithWords } from "../later";
import { FanOverlay } from "./fan-overlay";
import styles from "./fan-stage.module.css";

const Cast = laterWithWords(async () => (await import("../cast/cast")).Cast);
const FallbackVideo = later(async () => (await import("./fallback-video")).FallbackVideo);
const FanControls = later(async () => (await import("./fan-controls")).FanControls);
const Hearts = later(async () => (await import("./hearts")).Hearts);
const LockScreen = later(async () => (await import("./lock-screen")).LockScreen);
const Rail = laterWithWords(async () => (await import("./rail")).Rail);

interface FanStageProps {
  viewer: Viewer | null;
  snapshot: ViewerSnapshot;
  stage: Stage;
  actions: PlayerActions;
  back: Back;
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
/** The page has loaded all else by then. */
const AFTER_PAGE_MS = 3_000;

export function hasPicture(snapshot: ViewerSnapshot, hasFrame: boolean): boolean {
  return WITH_PICTURE.includes(snapshot.phase) && hasFrame;
}

/** The picture with all that lies over it. */
export function FanStage(props: FanStageProps) {
  const { viewer, snapshot, stage, actions, back, danmaku } = props;
  const { t } = useLanguage();
  const { player, state, full } = stage;
  const canvas = useRef<HTMLCanvasElement>(null);
  // Without a picture there is nothing that the controls could be in front of.
  const soundOnly = snapshot.choice === "off";
  const idle = useIdle(stage.stage) && !back.paused && !soundOnly;
  const calm = useMediaQuery(REDUCED);
  const fallback = useStoreOr(viewer?.fallback ?? null, FALLBACK_START);
  const { isDelayed } = back;
  const shown = isDelayed || hasPicture(snapshot, state.hasFrame);
  // Guests are sent live alone.
  const isCast = useIsCast(viewer, snapshot) && back.step === "live" && !isDelayed;
  const [host, setHost] = useState<Place | null>(null);
  const place = host ? { style: placeStyle(host) } : {};
  useOverPicture(snapshot, props.bleed === true, calm);
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
  // A button that goes with its own click would take the focus along.
  const toStage = () => stage.stage.current?.focus({ preventScroll: true });
  const play = () => {
    back.play();
    toStage();
  };
  const goLive = () => {
    back.goLive();
    toStage();
  };
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
      data-step={back.step}
      data-seek={back.rewind !== null}
      {...touch}
    >
      <video
        ref={stage.video}
        className={styles.video}
        data-testid="fan-video"
        aria-label={t("watch.video")}
        {...place}
        muted
        playsInline
        onClick={clicked}
        onDoubleClick={full.toggleFull}
      />
      <canvas ref={stage.cover} className={styles.cover} hidden={!state.covered} {...place} />
      {viewer && fallback.step !== "off" && (
        <FallbackVideo
          fallback={viewer.fallback}
          room={viewer.room}
          pass={snapshot.room?.kept.pass ?? null}
          player={state}
          className={styles.video}
          onMuted={() => player?.muteForNow()}
          onClick={clicked}
          onDoubleClick={full.toggleFull}
        />
      )}
      {viewer && shown && isCast && (
        <Cast
          viewer={viewer}
          stage={snapshot.room?.stage}
          player={state}
          own={props.own ?? null}
          onHost={setHost}
        />
      )}
      <canvas ref={canvas} className={styles.danmaku} data-testid="danmaku" hidden={!shown} />
      <FanOverlay
        room={viewer?.room ?? ""}
        snapshot={snapshot}
        hasFrame={state.hasFrame}
        isPast={back.step !== "live"}
        isDelayed={isDelayed}
        isUnfit={fallback.unfit}
        waiting={props.waiting}
      />
      {shown && <LockScreen room={snapshot.room} back={back} />}
      {viewer && shown && !calm && <Hearts chat={viewer.chat} />}
      {shown && back.paused && !state.blocked && (
        <button
          type="button"
          className={styles.play}
          data-testid="large-play"
          aria-label={t("player.play")}
          onClick={play}
        >
          <Play size={44} fill="currentcolor" aria-hidden="true" />
        </button>
      )}
      {props.children}
      {shown && props.bleed && (
        <Rail {...{ actions, back, stage, snapshot, danmaku, viewer }} onLive={goLive} />
      )}
      {shown && !props.bleed && (
        <FanControls
          {...{ actions, back, stage, snapshot, danmaku, viewer }}
          onLive={goLive}
          chatShown={props.chatShown && !full.isFull && !full.isWeb}
        />
      )}
      {shown && state.muted && !state.blocked && !back.paused && (
        <button
          type="button"
          className={styles.pill}
          data-testid="unmute"
          onClick={() => {
            void player?.setMuted(false);
            toStage();
          }}
        >
          <VolumeX size={20} aria-hidden="true" />
          {t("watch.unmute")}
        </button>
      )}
      {state.blocked && (
        <button type="button" className={styles.tap} onClick={play}>
          <span>
            <Play size={20} aria-hidden="true" />
            {t("watch.tapToPlay")}
          </span>
        </button>
      )}
    </section>
  );
}

/** Whether somebody is on stage beside the host, or a second picture of the host. */
function useIsCast(viewer: Viewer | null, { room }: ViewerSnapshot): boolean {
  const { streams } = useStoreOr(viewer?.guests ?? null, NO_STREAMS);
  return (room?.stage.guests.length ?? 0) > 0 || streams.has(SECOND_STREAM);
}

/**
 * Fetches what belongs over a picture: at once when one is on its way, so that it is there with the first frame; else
 * a while after the page, so that those who wait do not all ask for it when the broadcast begins.
 */
function useOverPicture({ room }: ViewerSnapshot, bleed: boolean, calm: boolean): void {
  const isSoon = room?.live === "starting" || room?.live === "live";
  useEffect(() => {
    const fetch = () => {
      if (bleed) Rail.fetch();
      else FanControls.fetch();
      if (calm) return;
      Hearts.fetch();
      if (!bleed) fetchDanmaku();
    };
    const timer = setTimeout(fetch, isSoon ? 0 : AFTER_PAGE_MS);
    return () => clearTimeout(timer);
  }, [isSoon, bleed, calm]);
}
