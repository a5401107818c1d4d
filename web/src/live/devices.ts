import { pictureOf, type SendSettings } from "./send-settings";
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

/** What browsers throw for a device that is not there. */
const GONE = ["OverconstrainedError", "NotFoundError"];

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

/**
 * The id of the remembered device, by id, else by label. Before the person has allowed a device of
 * the kind, browsers list none of its ids: then whether it is there shows when it is asked for.
 */
export async function recallDevice(kind: DeviceKind): Promise<string | undefined> {
  const known = recall(kind) as Partial<Device> | undefined;
  if (typeof known !== "object" || known === null) return undefined;
  const devices = await listDevices();
  const here = kind === "camera" ? devices.cameras : devices.microphones;
  if (here.length === 0) return typeof known.id === "string" ? known.id : undefined;
  const match =
    here.find((device) => device.id === known.id) ??
    here.find((device) => device.label !== "" && device.label === known.label);
  return match?.id;
}

/** Which device to open; any without it. */
export type DeviceChoice = { deviceId: string } | { facingMode: "user" | "environment" };

/** `exact`: Chromium ignores an `ideal` device (crbug.com/438606278). */
function exactly(choice: DeviceChoice | undefined): MediaTrackConstraints {
  if (choice === undefined) return {};
  return "deviceId" in choice
    ? { deviceId: { exact: choice.deviceId } }
    : { facingMode: { exact: choice.facingMode } };
}

export function cameraConstraints(
  settings: SendSettings,
  choice?: DeviceChoice,
): MediaTrackConstraints {
  const { width, height } = pictureOf(settings);
  return {
    width: { ideal: width },
    height: { ideal: height },
    frameRate: { ideal: settings.fps },
    ...exactly(choice),
  };
}

/** What browsers do to a voice, and must not do to music. */
export const UNTOUCHED = {
  echoCancellation: false,
  noiseSuppression: false,
  autoGainControl: false,
} as const;

export function microphoneConstraints(
  { music, stereo }: Pick<SendSettings, "music" | "stereo">,
  choice?: DeviceChoice,
): MediaTrackConstraints | true {
  if (choice === undefined && !music) return true;
  return {
    ...(music ? UNTOUCHED : {}),
    ...(stereo ? { channelCount: { ideal: 2 } } : {}),
    ...exactly(choice),
  };
}

/** Opens camera and microphone, or the one of them that works: the remembered ones first. */
export async function openCapture(settings: SendSettings): Promise<Capture> {
  const camera = await remembered("camera");
  const microphone = await remembered("microphone");
  const both = (video?: DeviceChoice, audio?: DeviceChoice): MediaStreamConstraints => ({
    audio: microphoneConstraints(settings, audio),
    video: cameraConstraints(settings, video),
  });
  const choices = [both(camera, microphone)];
  // The browser does not say which of the two is gone.
  if (camera && microphone) choices.push(both(camera), both(undefined, microphone));
  if (camera || microphone) choices.push(both());
  try {
    const stream = await firstThere(choices, capture).catch(orAsItIs(both()));
    return { stream, missing: null };
  } catch (error) {
    if (!isNamed(error, ...GONE, "NotReadableError", "AbortError")) throw error;
    try {
      return { stream: await openUsual("camera", settings), missing: "microphone" };
    } catch {
      // The first error is the one to tell: it speaks of both.
      const stream = await openUsual("microphone", settings).catch(() => Promise.reject(error));
      return { stream, missing: "camera" };
    }
  }
}

/**
 * Opens the device that the person chose and no other. Without a choice: the remembered one, and
 * where that is gone, the browser's default.
 */
export async function openDevice(
  kind: DeviceKind,
  choice: DeviceChoice | undefined,
  settings: SendSettings,
): Promise<MediaStreamTrack> {
  const stream = await (choice
    ? capture(constraintsOf(kind, settings, choice))
    : openUsual(kind, settings));
  const [track] = stream.getTracks();
  if (!track) throw new DOMException("no track", "NotFoundError");
  return track;
}

/** Opens that device if it is there, else any other of the kind; null when none can be had. */
export async function openAny(
  kind: DeviceKind,
  first: DeviceChoice | undefined,
  settings: SendSettings,
): Promise<MediaStreamTrack | null> {
  const devices = await listDevices().catch(() => null);
  const here = (kind === "camera" ? devices?.cameras : devices?.microphones) ?? [];
  const others = here.map(({ id }) => ({ deviceId: id }));
  for (const choice of first ? [first, ...others] : others) {
    try {
      return await openDevice(kind, choice, settings);
    } catch (error) {
      // Gone, or held by another program: the next one. Nobody is asked for a permission again and again.
      if (isNamed(error, "NotAllowedError", "SecurityError")) return null;
    }
  }
  return null;
}

function capture(constraints: MediaStreamConstraints): Promise<MediaStream> {
  return navigator.mediaDevices.getUserMedia(constraints);
}

async function openUsual(kind: DeviceKind, settings: SendSettings): Promise<MediaStream> {
  const choice = await remembered(kind);
  const usual = constraintsOf(kind, settings);
  const choices = choice ? [constraintsOf(kind, settings, choice), usual] : [usual];
  return firstThere(choices, capture).catch(orAsItIs(usual));
}

/** A camera that can do nothing of what is wished is used as it is. */
function orAsItIs(usual: MediaStreamConstraints): (error: unknown) => Promise<MediaStream> {
  return async (error) => {
    if (!usual.video || !isNamed(error, "OverconstrainedError")) throw error;
    return capture({ ...usual, video: true });
  };
}

function constraintsOf(
  kind: DeviceKind,
  settings: SendSettings,
  choice?: DeviceChoice,
): MediaStreamConstraints {
  return kind === "camera"
    ? { video: cameraConstraints(settings, choice) }
    : { audio: microphoneConstraints(settings, choice) };
}

async function remembered(kind: DeviceKind): Promise<DeviceChoice | undefined> {
  const deviceId = await recallDevice(kind);
  return deviceId === undefined ? undefined : { deviceId };
}

/** The first of these that does not fail for a device that is not there. */
export async function firstThere<Choice, Opened>(
  choices: Choice[],
  open: (choice: Choice) => Promise<Opened>,
): Promise<Opened> {
  let gone: unknown;
  for (const choice of choices) {
    try {
      return await open(choice);
    } catch (error) {
      if (!isNamed(error, ...GONE)) throw error;
      gone = error;
    }
  }
  throw gone;
}

/** The device that a track comes from. */
export function deviceOf(track: MediaStreamTrack): DeviceChoice | undefined {
  const { deviceId } = track.getSettings();
  return deviceId === undefined ? undefined : { deviceId };
}

export function isNamed(error: unknown, ...names: string[]): boolean {
  return names.includes((error as { name?: string } | null)?.name ?? "");
}
