import {
  type Device,
  type DeviceChoice,
  type DeviceKind,
  deviceOf,
  firstThere,
  isNamed,
  listDevices,
  openCapture,
  openDevice,
  rememberDevice,
  watchDevices,
} from "./devices";
import { classifyMediaError, type MediaErrorCode, preflight } from "./media-error";
import { isQualityName, QUALITIES, type QualityName } from "./quality";
import { recall, remember } from "./storage";
import { Store } from "./store";

/** `none`: the share has ended, and the host has not said what comes in its place. */
export type VideoSource = "camera" | "screen" | "none";

export interface LocalMediaSnapshot {
  status: "idle" | "opening" | "ready";
  /** What the preview shows and the publisher sends; one object for as long as it is open. */
  stream: MediaStream | null;
  audioTrack: MediaStreamTrack | null;
  videoTrack: MediaStreamTrack | null;
  audioOn: boolean;
  videoOn: boolean;
  source: VideoSource;
  /** The camera is open while the screen is shown, to be back at once. */
  cameraBehind: boolean;
  missing: DeviceKind | null;
  cameras: Device[];
  microphones: Device[];
  quality: QualityName;
  error: MediaErrorCode | null;
}

/** The host's camera, microphone and screen. */
export class LocalMedia extends Store<LocalMediaSnapshot> {
  readonly #stopWatching: () => void;
  #camera: MediaStreamTrack | null = null;
  /** The device that was unplugged. */
  #lost: { kind: DeviceKind; choice: DeviceChoice } | null = null;
  /** One change of device after the other: each lets go of what the one before has opened. */
  #changes: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor() {
    const quality = recall("quality");
    super({
      status: "idle",
      stream: null,
      audioTrack: null,
      videoTrack: null,
      audioOn: true,
      videoOn: true,
      source: "camera",
      cameraBehind: false,
      missing: null,
      cameras: [],
      microphones: [],
      quality: isQualityName(quality) ? quality : "hd",
      error: preflight(),
    });
    this.#stopWatching = watchDevices(() => void this.#refresh());
  }

  /** Asks for camera and microphone. */
  async open(): Promise<void> {
    await this.#begin("camera", async () => {
      const { stream, missing } = await openCapture(QUALITIES[this.getSnapshot().quality]);
      if (this.#closed) return stop(stream);
      this.#camera = stream.getVideoTracks()[0] ?? null;
      this.#adopt(stream, "camera");
      this.update({ missing });
    });
  }

  /** Begins with the screen, and the microphone when there is one. */
  async openScreen(): Promise<void> {
    await this.#begin("screen", async () => {
      const stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: true });
      const microphone = await openDevice("microphone", undefined, QUALITIES.hd).catch(() => null);
      if (microphone) {
        for (const track of stream.getAudioTracks()) drop(stream, track);
        stream.addTrack(microphone);
      }
      if (this.#closed) return stop(stream);
      this.#adopt(stream, "screen");
      this.update({ missing: stream.getAudioTracks().length === 0 ? "microphone" : null });
    });
  }

  /** Puts another device in the place of the one in use. */
  async choose(kind: DeviceKind, deviceId: string): Promise<void> {
    await this.#replaceDevice(kind, [{ deviceId }]);
  }

  /** Turns to the camera on the other side; where cameras have no sides, to the next one. */
  async flip(): Promise<void> {
    const { cameras } = this.getSnapshot();
    const { facingMode, deviceId } = this.#camera?.getSettings() ?? {};
    const choices: DeviceChoice[] = [];
    if (facingMode === "user") choices.push({ facingMode: "environment" });
    if (facingMode === "environment") choices.push({ facingMode: "user" });
    const at = cameras.findIndex(({ id }) => id === deviceId);
    const next = cameras[(at + 1) % cameras.length];
    if (next && next.id !== deviceId) choices.push({ deviceId: next.id });
    if (choices.length > 0) await this.#replaceDevice("camera", choices);
  }

  setQuality(quality: QualityName): void {
    remember("quality", quality);
    this.update({ quality });
    const { width, height } = QUALITIES[quality];
    const ideal = { width: { ideal: width }, height: { ideal: height } };
    // A camera that cannot do the size keeps its own; the bit rate follows the choice all the same.
    void this.#camera?.applyConstraints(ideal).catch(() => undefined);
  }

  setAudioOn(on: boolean): void {
    const { audioTrack } = this.getSnapshot();
    if (audioTrack) audioTrack.enabled = on;
    this.update({ audioOn: on });
  }

  setVideoOn(on: boolean): void {
    const { videoTrack } = this.getSnapshot();
    if (videoTrack) videoTrack.enabled = on;
    this.update({ videoOn: on });
  }

  /** Shows the screen in the camera's place. */
  async shareScreen(): Promise<void> {
    try {
      const screen = await navigator.mediaDevices.getDisplayMedia({ video: true });
      const [track] = screen.getVideoTracks();
      if (track) this.#setVideo(track, "screen");
    } catch (error) {
      this.update({ error: classifyMediaError(error, "screen") });
    }
  }

  /** Back to the camera that is open behind the screen, or to no picture. */
  stopScreen(): void {
    const { videoTrack, source, cameraBehind } = this.getSnapshot();
    if (source !== "screen") return;
    if (cameraBehind && this.#camera) this.#setVideo(this.#camera, "camera");
    else this.#showNothing();
    videoTrack?.stop();
  }

  /** The host wants the camera after a share. */
  async showCamera(): Promise<void> {
    if (this.#camera?.readyState === "live") this.#setVideo(this.#camera, "camera");
    else await this.#replaceDevice("camera", [undefined]);
  }

  /**
   * Asks once more for the device that was unplugged, else for those in use: after a call a phone's
   * microphone may stay dead.
   */
  async reopen(): Promise<void> {
    if (this.#lost) {
      const { kind, choice } = this.#lost;
      if (!(await this.#replaceDevice(kind, [choice]))) this.update({ error: "device_lost" });
      return;
    }
    const { audioTrack, source } = this.getSnapshot();
    if (audioTrack) await this.#replaceDevice("microphone", [deviceOf(audioTrack)]);
    if (source === "camera" && this.#camera) {
      await this.#replaceDevice("camera", [deviceOf(this.#camera)]);
    }
  }

  dismissError(): void {
    this.update({ error: null });
  }

  close(): void {
    this.#closed = true;
    this.#stopWatching();
    this.release();
  }

  /** Switches the camera's light off. */
  release(): void {
    const { stream } = this.getSnapshot();
    if (stream) stop(stream);
    this.#camera?.stop();
    this.#camera = null;
    this.#lost = null;
    this.update({
      status: "idle",
      stream: null,
      audioTrack: null,
      videoTrack: null,
      cameraBehind: false,
    });
  }

  async #begin(asked: "camera" | "screen", open: () => Promise<void>): Promise<void> {
    const problem = preflight();
    if (problem) {
      this.update({ error: problem });
      return;
    }
    if (this.getSnapshot().status === "opening") return;
    this.update({ status: "opening", error: null });
    try {
      await open();
    } catch (error) {
      this.update({ error: classifyMediaError(error, asked) });
    } finally {
      this.update({ status: this.getSnapshot().stream ? "ready" : "idle" });
    }
    await this.#refresh();
  }

  #adopt(stream: MediaStream, source: "camera" | "screen"): void {
    const audioTrack = stream.getAudioTracks()[0] ?? null;
    const videoTrack = stream.getVideoTracks()[0] ?? null;
    for (const track of [audioTrack, videoTrack]) if (track) this.#watch(track);
    if (videoTrack) hint(videoTrack, source);
    this.#lost = null;
    this.update({
      stream,
      audioTrack,
      videoTrack,
      source,
      cameraBehind: false,
      audioOn: true,
      videoOn: true,
    });
  }

  /** Opens the first of these that is there; whether one came in the place of the device in use. */
  #replaceDevice(kind: DeviceKind, choices: (DeviceChoice | undefined)[]): Promise<boolean> {
    const change = this.#changes.then(() => this.#replaceNow(kind, choices));
    this.#changes = change;
    return change;
  }

  async #replaceNow(kind: DeviceKind, choices: (DeviceChoice | undefined)[]): Promise<boolean> {
    const { quality, audioTrack } = this.getSnapshot();
    const old = kind === "camera" ? this.#camera : audioTrack;
    const open = () =>
      firstThere(choices, (choice) => openDevice(kind, choice, QUALITIES[quality]));
    try {
      const track = await open().catch((error) => {
        // Many phones cannot hold two cameras at once: let go of the old one first.
        if (!old || !isNamed(error, "NotReadableError", "AbortError")) throw error;
        old.stop();
        return open();
      });
      if (!this.#take(kind, track)) return false;
      old?.stop();
      const { deviceId } = track.getSettings();
      if (deviceId) rememberDevice(kind, { id: deviceId, label: track.label });
      return true;
    } catch (error) {
      if (old?.readyState === "ended") await this.#restore(kind, deviceOf(old));
      this.update({ error: classifyMediaError(error, "camera") });
      return false;
    }
  }

  /** The other device could not be had, and the one before was let go of for it. */
  async #restore(kind: DeviceKind, choice: DeviceChoice | undefined): Promise<void> {
    if (!choice || this.#lost?.kind === kind) return;
    const track = await openDevice(kind, choice, QUALITIES[this.getSnapshot().quality]).catch(
      () => null,
    );
    if (track) this.#take(kind, track);
    else this.#drop(kind);
  }

  /** Shows and sends a device; not when the page has gone meanwhile. */
  #take(kind: DeviceKind, track: MediaStreamTrack): boolean {
    if (this.#closed || !this.getSnapshot().stream) {
      track.stop();
      return false;
    }
    if (kind === "camera") {
      this.#camera = track;
      this.#setVideo(track, "camera");
    } else {
      this.#setAudio(track);
    }
    if (this.#lost?.kind === kind) this.#lost = null;
    const { missing } = this.getSnapshot();
    this.update({ error: null, missing: missing === kind ? null : missing });
    return true;
  }

  #setVideo(track: MediaStreamTrack, source: "camera" | "screen"): void {
    const { stream, videoTrack, videoOn } = this.getSnapshot();
    if (videoTrack && videoTrack !== track) {
      stream?.removeTrack(videoTrack);
      // The camera stays open behind the screen, to be back at once.
      if (videoTrack !== this.#camera) videoTrack.stop();
    }
    stream?.addTrack(track);
    track.enabled = videoOn;
    hint(track, source);
    this.#watch(track);
    const cameraBehind = source === "screen" && this.#camera?.readyState === "live";
    this.update({ videoTrack: track, source, cameraBehind });
  }

  #showNothing(): void {
    this.#drop("camera");
    this.update({ source: "none" });
  }

  /** Sends nothing of the kind any more. */
  #drop(kind: DeviceKind): void {
    const { stream, videoTrack, audioTrack } = this.getSnapshot();
    const track = kind === "camera" ? videoTrack : audioTrack;
    if (track) stream?.removeTrack(track);
    this.update(kind === "camera" ? { videoTrack: null } : { audioTrack: null });
  }

  #setAudio(track: MediaStreamTrack): void {
    const { stream, audioTrack, audioOn } = this.getSnapshot();
    if (audioTrack) stream?.removeTrack(audioTrack);
    stream?.addTrack(track);
    track.enabled = audioOn;
    this.#watch(track);
    this.update({ audioTrack: track });
  }

  #watch(track: MediaStreamTrack): void {
    track.onended = () => this.#ended(track);
    track.onmute = () => {
      if (this.#isInUse(track)) this.update({ error: "device_muted" });
    };
    track.onunmute = () => {
      if (this.getSnapshot().error === "device_muted") this.update({ error: null });
    };
  }

  #isInUse(track: MediaStreamTrack): boolean {
    const { audioTrack, videoTrack } = this.getSnapshot();
    return track === audioTrack || track === videoTrack;
  }

  /**
   * Unplugged, or no longer shared. Nothing goes on air in its place that the host did not choose: a
   * closed window is no wish to be seen, an unplugged headset none to be heard.
   */
  #ended(track: MediaStreamTrack): void {
    if (track === this.#camera) this.update({ cameraBehind: false });
    if (!this.#isInUse(track)) return;
    const { videoTrack, source } = this.getSnapshot();
    if (track === videoTrack && source === "screen") {
      this.#showNothing();
      return;
    }
    const kind = track === videoTrack ? "camera" : "microphone";
    const choice = deviceOf(track);
    if (choice) this.#lost = { kind, choice };
    this.#drop(kind);
    this.update({ error: "device_lost" });
  }

  async #refresh(): Promise<void> {
    try {
      const devices = await listDevices();
      if (!this.#closed) this.update(devices);
    } catch {
      // The pickers keep the list they have.
    }
  }
}

function hint(track: MediaStreamTrack, source: "camera" | "screen"): void {
  if ("contentHint" in track) track.contentHint = source === "camera" ? "motion" : "detail";
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

function drop(stream: MediaStream, track: MediaStreamTrack): void {
  track.stop();
  stream.removeTrack(track);
}
