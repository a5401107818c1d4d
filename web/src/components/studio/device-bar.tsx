import { Mic, MicOff, MonitorOff, MonitorUp, SwitchCamera, Video, VideoOff } from "lucide-react";
import type { ReactNode } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Device } from "../../live/devices";
import type { LocalMedia, LocalMediaSnapshot } from "../../live/local-media";
import { SOUND_CHOICES, type SoundChoice } from "../../live/sound";
import styles from "./device-bar.module.css";
import { SplitControl } from "./split-control";

interface DeviceBarProps {
  media: LocalMedia;
  snapshot: LocalMediaSnapshot;
  /** The button that goes live or ends. */
  children: ReactNode;
}

/** Beneath the preview: microphone, camera, screen, each with what there is to choose from. */
export function DeviceBar({ media, snapshot, children }: DeviceBarProps) {
  return (
    <div className={styles.bar}>
      <MicrophoneControl media={media} snapshot={snapshot} />
      <CameraControl media={media} snapshot={snapshot} />
      <ScreenControl media={media} snapshot={snapshot} />
      <FlipControl media={media} snapshot={snapshot} />
      <div className={styles.main}>{children}</div>
    </div>
  );
}

type Part = Omit<DeviceBarProps, "children">;

function MicrophoneControl({ media, snapshot }: Part) {
  const { t } = useLanguage();
  const { microphone, microphones, audioOn } = snapshot;
  const choice = useChoice("mic.choose", microphones, microphone, (id) =>
    media.choose("microphone", id),
  );
  if (!microphone && !choice) return null;
  return (
    <SplitControl
      label={t("mic.label")}
      action={t(audioOn ? "host.mic.off" : "host.mic.on")}
      icon={audioOn && microphone ? <Mic size={20} /> : <MicOff size={20} />}
      off={!audioOn || !microphone}
      disabled={!microphone}
      onPress={() => media.setAudioOn(!audioOn)}
      {...(choice ? { choice } : {})}
    />
  );
}

function CameraControl({ media, snapshot }: Part) {
  const { t } = useLanguage();
  const { videoTrack, videoOn, source, cameras } = snapshot;
  const camera = source === "camera" ? videoTrack : null;
  const choice = useChoice("cam.choose", cameras, camera, (id) => media.choose("camera", id));
  if (source !== "camera" || (!videoTrack && !choice)) return null;
  return (
    <SplitControl
      label={t("cam.label")}
      action={t(videoOn ? "host.cam.off" : "host.cam.on")}
      icon={videoOn && videoTrack ? <Video size={20} /> : <VideoOff size={20} />}
      off={!videoOn || !videoTrack}
      disabled={!videoTrack}
      onPress={() => media.setVideoOn(!videoOn)}
      {...(choice ? { choice } : {})}
    />
  );
}

function ScreenControl({ media, snapshot }: Part) {
  const { t } = useLanguage();
  const { source, cameraBehind, soundChoice, microphone } = snapshot;
  if (!("getDisplayMedia" in navigator.mediaDevices)) return null;
  const sounds = SOUND_CHOICES.filter((one) => microphone || one !== "microphone");
  const choice = soundChoice && {
    label: t("screen.sound"),
    value: soundChoice,
    options: sounds.map((value) => ({ value, label: t(`screen.sound.${value}`) })),
    onChoose: (value: string) => media.setSoundChoice(value as SoundChoice),
  };
  const isOn = source === "screen";
  const stop = t(cameraBehind ? "host.screen.toCamera" : "host.screen.stop");
  return (
    <SplitControl
      label={t("screen.label")}
      action={isOn ? stop : t("host.screen.start")}
      icon={isOn ? <MonitorOff size={20} /> : <MonitorUp size={20} />}
      active={isOn}
      testId={isOn ? "stop-screen" : "share-screen"}
      onPress={() => (isOn ? media.stopScreen() : void media.shareScreen())}
      {...(choice ? { choice } : {})}
    />
  );
}

function FlipControl({ media, snapshot }: Part) {
  const { t } = useLanguage();
  const { source, videoTrack, cameras } = snapshot;
  if (source !== "camera" || !videoTrack || cameras.length < 2) return null;
  return (
    <SplitControl
      label={t("flip.label")}
      action={t("host.camera.flip")}
      icon={<SwitchCamera size={20} />}
      testId="flip-camera"
      onPress={() => void media.flip()}
    />
  );
}

/** A picker of devices; the one in use is chosen. */
function useChoice(
  label: "mic.choose" | "cam.choose",
  devices: readonly Device[],
  track: MediaStreamTrack | null,
  choose: (id: string) => Promise<void>,
) {
  const { t } = useLanguage();
  if (devices.length === 0) return null;
  const used = track?.getSettings?.().deviceId ?? "";
  const isListed = devices.some(({ id }) => id === used);
  const named = devices.map(({ id, label }, index) => ({
    value: id,
    label: label || t("host.unnamedDevice", { n: index + 1 }),
  }));
  return {
    label: t(label),
    value: isListed ? used : "",
    options: isListed ? named : [{ value: "", label: "–" }, ...named],
    onChoose: (id: string) => void choose(id),
  };
}
