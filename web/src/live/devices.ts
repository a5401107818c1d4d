import { FRAME_RATE, type Quality } from "./quality";
import { recall, remember } from "./storage";

export type DeviceKind = "camera" | "microphone";

/** A device as a picker shows it. */
export interface Device {
  id: string;
  label: string;
}

export interface Devices {
  cameras: Device[];
  microphones: Device[];
}

export interface Capture {
  stream: MediaStream;
  /** What had to be left out because there is none, or another program holds it. */
  missing: DeviceKind | null;
}

/** Plugging in one headset fires a burst of events. */
const DEVICE_CHANGE_MS = 250;

/** The devices there are. Labels are empty until the person has allowed one of the kind. */
export async function listDevices(): Promise<Devices> {
  const all = await navigator.mediaDevices.enumerateDevices();
  const ofKind = (kind: MediaDeviceKind): Device[] =>
    all
      .filter((device) => device.kind === kind && device.deviceId !== "")
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  return { cameras: ofKind("videoinput"), microphones: ofKind("audioinput") };
}

/** Calls back once for each burst of changes. */
export function watchDevices(callback: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const changed = () => {
    clearTimeout(timer);
    timer = setTimeout(callback, DEVICE_CHANGE_MS);
  };
  const { mediaDevices } = navigator as Partial<Navigator>;
  mediaDevices?.addEventListener?.("devicechange", changed);
  return () => {
    clearTimeout(timer);
    mediaDevices?.removeEventListener?.("devicechange", changed);
  };
}

/** Keeps the label too: ids change when a browser forgets a permission. */
export function rememberDevice(kind: DeviceKind, device: Device): void {
  remember(kind, device);
}

/** The id of the remembered device among those there are, by id, else by label. */
export async function recallDevice(kind: DeviceKind): Promise<string | undefined> {
  const known = recall(kind) as Partial<Device> | undefined;
  if (typeof known !== "object" || known === null) return undefined;
  const devices = await listDevices();
  const here = kind === "camera" ? devices.cameras : devices.microphones;
  const match =
    here.find((device) => device.id === known.id) ??
    here.find((device) => device.label !== "" && device.label === known.label);
  return match?.id;
}

export function cameraConstraints(quality: Quality, deviceId?: string): MediaTrackConstraints {
  return {
    width: { ideal: quality.width },
    height: { ideal: quality.height },
    frameRate: { ideal: FRAME_RATE },
    // `ideal`: a remembered camera that is gone must not keep the host from going live.
    ...(deviceId === undefined ? {} : { deviceId: { ideal: deviceId } }),
  };
}

export function microphoneConstraints(deviceId?: string): MediaTrackConstraints | true {
  return deviceId === undefined ? true : { deviceId: { ideal: deviceId } };
}

/** Opens camera and microphone, or the one of them that works. */
export async function openCapture(quality: Quality): Promise<Capture> {
  const video = cameraConstraints(quality, await recallDevice("camera"));
  const audio = microphoneConstraints(await recallDevice("microphone"));
  const get = (constraints: MediaStreamConstraints) =>
    navigator.mediaDevices.getUserMedia(constraints);
  try {
    return { stream: await get({ audio, video }), missing: null };
  } catch (error) {
    if (isNamed(error, "OverconstrainedError")) {
      return { stream: await get({ audio: true, video: true }), missing: null };
    }
    if (!isNamed(error, "NotFoundError", "NotReadableError", "AbortError")) throw error;
    const alone = async (missing: DeviceKind, constraints: MediaStreamConstraints) => ({
      stream: await get(constraints),
      missing,
    });
    try {
      return await alone("microphone", { video });
    } catch {
      // The first error is the one to tell: it speaks of both.
      return await alone("camera", { audio }).catch(() => Promise.reject(error));
    }
  }
}

/** Opens one device of the person's choice. */
export async function openDevice(
  kind: DeviceKind,
  deviceId: string | undefined,
  quality: Quality,
): Promise<MediaStreamTrack> {
  const constraints: MediaStreamConstraints =
    kind === "camera"
      ? { video: cameraConstraints(quality, deviceId) }
      : { audio: microphoneConstraints(deviceId) };
  const stream = await navigator.mediaDevices.getUserMedia(constraints);
  const [track] = stream.getTracks();
  if (!track) throw new DOMException("no track", "NotFoundError");
  return track;
}

export function isNamed(error: unknown, ...names: string[]): boolean {
  return names.includes((error as { name?: string } | null)?.name ?? "");
}
