import { useEffect, useRef } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import type { Fallback } from "../../live/fallback";
import { hlsUrl, playHls } from "../../live/hls-player";
import type { PlayerSnapshot } from "../../live/player";

interface FallbackVideoProps {
  fallback: Fallback;
  room: string;
  pass: string | null;
  player: PlayerSnapshot;
  className: string | undefined;
  /** The browser plays nothing with sound before a touch. */
  onMuted: () => void;
  onClick: (event: React.MouseEvent) => void;
  onDoubleClick: () => void;
}

/** The room with a delay, over the element of WebRTC: that one shows its first frame unseen. */
export function FallbackVideo(props: FallbackVideoProps) {
  const { fallback, room, pass, player } = props;
  const { muted, volume } = player;
  const { t } = useLanguage();
  const video = useRef<HTMLVideoElement>(null);
  const { step, paused } = useStore(fallback);
  useEffect(() => {
    if (video.current === null) return;
    return playHls(video.current, hlsUrl(room, pass), {
      refused: (isUnfit) => fallback.refused(isUnfit),
    });
  }, [fallback, room, pass]);
  useEffect(() => {
    if (video.current === null) return;
    video.current.muted = muted;
    video.current.volume = volume;
  }, [muted, volume]);
  const play = async () => {
    try {
      await video.current?.play();
    } catch (error) {
      if ((error as Error).name !== "NotAllowedError" || video.current === null) return;
      props.onMuted();
      video.current.muted = true;
      await video.current.play().catch(() => undefined);
    }
  };
  const latest = useRef(play);
  useEffect(() => {
    latest.current = play;
  });
  useEffect(() => {
    if (paused) video.current?.pause();
    else if (step === "shown") void latest.current();
  }, [paused, step]);
  return (
    <video
      ref={video}
      className={props.className}
      style={step === "shown" ? {} : { visibility: "hidden" }}
      data-testid="fallback-video"
      aria-label={t("watch.video")}
      muted
      playsInline
      onCanPlay={() => !paused && void play()}
      onPlaying={() => fallback.framed()}
      onClick={props.onClick}
      onDoubleClick={props.onDoubleClick}
    />
  );
}
