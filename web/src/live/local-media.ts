import {
  type Device,
  type DeviceKind,
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

export interface LocalMediaSnapshot {
  status: "idle" | "opening" | "ready";
  /** What the preview shows and the publisher sends; one object for as long as it is open. */
  stream: MediaStream | null;
  audioTrack: MediaStreamTrack | null;
  videoTrack: MediaStreamTrack | null;
  audioOn: boolean;
  videoOn: boolean;
  source: "camera" | "screen";
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
    const { cameras, microphones } = this.getSnapshot();
    const device = [...cameras, ...microphones].find(({ id }) => id === deviceId);
    await this.#replaceDevice(kind, deviceId);
    if (device) rememberDevice(kind, device);
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

  async stopScreen(): Promise<void> {
    const { videoTrack, source } = this.getSnapshot();
    if (source !== "screen") return;
    videoTrack?.stop();
    if (this.#camera?.readyState === "live") this.#setVideo(this.#camera, "camera");
    else await this.#replaceDevice("camera", undefined);
  }

  /** Asks for the devices in use once more: after a call a phone's microphone may stay dead. */
  async reopen(): Promise<void> {
    const { audioTrack, source } = this.getSnapshot();
    const used = (track: MediaStreamTrack | null) => track?.getSettings().deviceId;
    if (audioTrack) await this.#replaceDevice("microphone", used(audioTrack));
    if (source === "camera") await this.#replaceDevice("camera", used(this.#camera));
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
    this.update({ status: "idle", stream: null, audioTrack: null, videoTrack: null });
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
    this.update({ stream, audioTrack, videoTrack, source, audioOn: true, videoOn: true });
  }

  async #replaceDevice(kind: DeviceKind, deviceId: string | undefined): Promise<void> {
    const before = this.getSnapshot();
    const old = kind === "camera" ? this.#camera : before.audioTrack;
    const open = () => openDevice(kind, deviceId, QUALITIES[before.quality]);
    try {
      const track = await open().catch((error) => {
        // Many phones cannot hold two cameras at once: let go of the old one first.
        if (!isNamed(error, "NotReadableError", "AbortError")) throw error;
        old?.stop();
        return open();
      });
      if (this.#closed) return track.stop();
      if (kind === "camera") {
        this.#camera = track;
        this.#setVideo(track, "camera");
      } else {
        this.#setAudio(track);
      }
      if (old !== track) old?.stop();
      this.update({ error: null, missing: before.missing === kind ? null : before.missing });
    } catch (error) {
      this.update({ error: classifyMediaError(error, "camera") });
    }
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
    this.update({ videoTrack: track, source });
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
    track.onended = () => void this.#ended(track);
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

  /** Unplugged, or the person stopped sharing: go on with what there is. */
  async #ended(track: MediaStreamTrack): Promise<void> {
    if (!this.#isInUse(track)) return;
    const { videoTrack, source } = this.getSnapshot();
    if (track === videoTrack && source === "screen") return this.stopScreen();
    await this.#replaceDevice(track === videoTrack ? "camera" : "microphone", undefined);
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
