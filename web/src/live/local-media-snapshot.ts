import type { Device, DeviceKind } from "./devices";
import { type MediaErrorCode, preflight } from "./media-error";
import { recallSettings, type SendSettings } from "./send-settings";
import type { SoundChoice } from "./sound";

/** `none`: the share has ended, and the host has not said what comes in its place. */
export type VideoSource = "camera" | "screen" | "none";

/** A device that came in the place of one that was unplugged. */
export interface StandIn {
  kind: DeviceKind;
  label: string;
}

export interface LocalMediaSnapshot {
  status: "idle" | "opening" | "ready";
  /** What the preview shows and the publisher sends; one object for as long as it is open. */
  stream: MediaStream | null;
  /** What is sent: the microphone, the screen's sound, or both in one. */
  audioTrack: MediaStreamTrack | null;
  microphone: MediaStreamTrack | null;
  /** What of both is heard while the screen has a sound; null while it has none. */
  soundChoice: SoundChoice | null;
  videoTrack: MediaStreamTrack | null;
  /** Whether the microphone is on. */
  audioOn: boolean;
  videoOn: boolean;
  /** Whether fans hear anything. */
  audible: boolean;
  source: VideoSource;
  /** The camera is open while the screen is shown, to be back at once. */
  cameraBehind: boolean;
  missing: DeviceKind | null;
  cameras: Device[];
  microphones: Device[];
  settings: SendSettings;
  error: MediaErrorCode | null;
  /** What came in the place of what was lost, while the error is `device_lost`. */
  standIns: readonly StandIn[];
}

/** Before anything is opened. */
export function unopened(): LocalMediaSnapshot {
  return {
    status: "idle",
    stream: null,
    audioTrack: null,
    microphone: null,
    soundChoice: null,
    videoTrack: null,
    audioOn: true,
    videoOn: true,
    audible: false,
    source: "camera",
    cameraBehind: false,
    missing: null,
    cameras: [],
    microphones: [],
    settings: recallSettings(),
    error: preflight(),
    standIns: [],
  };
}
