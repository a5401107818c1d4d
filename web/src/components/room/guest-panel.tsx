import { Mic, MicOff, PhoneOff, Video, VideoOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import type { LocalMedia } from "../../live/local-media";
import type { StageStep } from "../../live/protocol";
import { Button, IconButton } from "../button";
import { MediaProblem } from "../media-problem";
import styles from "./guest-panel.module.css";

interface GuestPanelProps {
  step: StageStep;
  media: LocalMedia;
  /** Whether the person's media goes to the room. */
  connected: boolean;
  onLeave: () => void;
}

/** What a person sees of itself while it waits for the stage, and what it switches while it is on. */
export function GuestPanel({ step, media, connected, onLeave }: GuestPanelProps) {
  const { t } = useLanguage();
  const snapshot = useStore(media);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = snapshot.stream;
  }, [snapshot.stream]);
  const isOn = step === "accepted";
  const state = isOn ? (connected ? "cast.onAir" : "cast.connecting") : "cast.asked";
  return (
    <section
      className={styles.panel}
      aria-label={t("cast.title")}
      data-testid="guest-panel"
      data-step={step}
      data-connected={connected}
    >
      {!isOn && snapshot.stream && (
        <video
          ref={video}
          className={styles.preview}
          aria-label={t("cast.preview")}
          autoPlay
          playsInline
          muted
        />
      )}
      <div className={styles.words}>
        <p role="status" className={styles.state}>
          {t(state)}
        </p>
        {!isOn && <p className={styles.hint}>{t("cast.askedHint")}</p>}
        <MediaProblem media={media} snapshot={snapshot} />
      </div>
      <div className={styles.actions}>
        <IconButton
          label={t(snapshot.audioOn ? "cast.micOff" : "cast.micOn")}
          aria-pressed={!snapshot.audioOn}
          data-testid="guest-mic"
          onClick={() => media.setAudioOn(!snapshot.audioOn)}
        >
          {snapshot.audioOn ? <Mic size={20} /> : <MicOff size={20} />}
        </IconButton>
        <IconButton
          label={t(snapshot.videoOn ? "cast.cameraOff" : "cast.cameraOn")}
          aria-pressed={!snapshot.videoOn}
          data-testid="guest-camera"
          onClick={() => media.setVideoOn(!snapshot.videoOn)}
        >
          {snapshot.videoOn ? <Video size={20} /> : <VideoOff size={20} />}
        </IconButton>
        <Button
          kind="danger"
          icon={<PhoneOff size={18} />}
          data-testid="guest-leave"
          onClick={onLeave}
        >
          {t(isOn ? "cast.leave" : "cast.takeBack")}
        </Button>
      </div>
    </section>
  );
}
