import {
  type DeviceChoice,
  type DeviceKind,
  deviceOf,
  firstThere,
  isNamed,
  listDevices,
  openAny,
  openCapture,
  openDevice,
  rememberDevice,
  UNTOUCHED,
  watchDevices,
} from "./devices";
import { type LocalMediaSnapshot, unopened } from "./local-media-snapshot";
import { classifyMediaError, preflight, refusalOf } from "./media-error";
import { changed, pictureOf, rememberSettings, type SendSettings } from "./send-settings";
import { Sound, type SoundChoice } from "./sound";
import { Store } from "./store";

export type { LocalMediaSnapshot, StandIn, VideoSource } from "./local-media-snapshot";

/** The host's camera, microphone and screen. */
export class LocalMedia extends Store<LocalMediaSnapshot> {
  readonly #stopWatching: () => void;
  readonly #sound = new Sound();
  #camera: MediaStreamTrack | null = null;
  /** Devices that were unplugged, and have nothing in their place yet. */
  readonly #lost = new Map<DeviceKind, DeviceChoice | undefined>();
  /** One change of device after the other: each lets go of what the one before has opened. */
  #changes: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor() {
    super(unopened());
    this.#stopWatching = watchDevices(() => void this.#refresh());
  }

  /** Asks for camera and microphone. */
  async open(): Promise<void> {
    await this.#begin("camera", async () => {
      const { stream, missing } = await openCapture(this.getSnapshot().settings);
      if (this.#closed) return stop(stream);
      this.#camera = stream.getVideoTracks()[0] ?? null;
      this.#sound.microphone = stream.getAudioTracks()[0] ?? null;
      this.#adopt(stream, "camera");
      this.update({ missing });
    });
  }

  /** Begins with the screen, and the microphone when there is one. */
  async openScreen(): Promise<void> {
    await this.#begin("screen", async () => {
      const stream = await askForScreen();
      const { settings } = this.getSnapshot();
      const microphone = await openDevice("microphone", undefined, settings).catch(() => null);
      if (this.#closed) {
        microphone?.stop();
        return stop(stream);
      }
      this.#sound.microphone = microphone;
      this.#sound.screen = stream.getAudioTracks()[0] ?? null;
      for (const track of stream.getAudioTracks()) stream.removeTrack(track);
      this.#adopt(stream, "screen");
      this.update({ missing: microphone ? null : "microphone" });
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

  /** Another quality, rate or kind of sound. The codec is that of the next connection. */
  setSettings(change: Partial<SendSettings>): void {
    const { settings: before } = this.getSnapshot();
    const settings = changed(before, change);
    rememberSettings(settings);
    this.update({ settings });
    const { width, height } = pictureOf(settings);
    const size = { width: { ideal: width }, height: { ideal: height } };
    const ideal = { ...size, frameRate: { ideal: settings.fps } };
    // A camera that cannot do the size keeps its own; the bit rate follows the choice all the same.
    void this.#camera?.applyConstraints(ideal).catch(() => undefined);
    const isOtherSound = before.music !== settings.music || before.stereo !== settings.stereo;
    const { microphone } = this.#sound;
    // What a browser does to a voice it decides when it opens the device.
    if (isOtherSound && microphone) {
      void this.#replaceDevice("microphone", [deviceOf(microphone)]);
    }
  }

  setAudioOn(on: boolean): void {
    const { microphone } = this.#sound;
    if (microphone) microphone.enabled = on;
    this.update({ audioOn: on });
    this.#refreshSound();
  }

  /** What is heard of microphone and screen while both have a sound. */
  setSoundChoice(choice: SoundChoice): void {
    this.#sound.choice = choice;
    this.#refreshSound();
  }

  setVideoOn(on: boolean): void {
    const { videoTrack } = this.getSnapshot();
    if (videoTrack) videoTrack.enabled = on;
    this.update({ videoOn: on });
  }

  /** Shows the screen in the camera's place. */
  async shareScreen(): Promise<void> {
    try {
      const screen = await askForScreen();
      const [track] = screen.getVideoTracks();
      if (!track || this.#closed || !this.getSnapshot().stream) return stop(screen);
      this.#setVideo(track, "screen");
      this.#setScreenSound(screen.getAudioTracks()[0] ?? null);
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
    this.#setScreenSound(null);
    videoTrack?.stop();
  }

  /** The host wants the camera after a share. */
  async showCamera(): Promise<void> {
    if (this.#camera?.readyState === "live") this.#setVideo(this.#camera, "camera");
    else await this.#replaceDevice("camera", [undefined]);
  }

  /**
   * Asks once more for what was unplugged, else for the devices in use: after a call a phone's
   * microphone may stay dead.
   */
  async reopen(): Promise<void> {
    if (this.#lost.size > 0) {
      await Promise.all([...this.#lost.keys()].map((kind) => this.#standIn(kind)));
      return;
    }
    const { source } = this.getSnapshot();
    const { microphone } = this.#sound;
    if (microphone) await this.#replaceDevice("microphone", [deviceOf(microphone)]);
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
    this.#sound.close();
    this.#camera?.stop();
    this.#camera = null;
    this.#lost.clear();
    this.update({
      status: "idle",
      stream: null,
      audioTrack: null,
      microphone: null,
      soundChoice: null,
      audible: false,
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
    const askedAt = Date.now();
    try {
      await open();
    } catch (error) {
      const code = classifyMediaError(error, asked);
      this.update({ error: code === "denied" ? await refusalOf(Date.now() - askedAt) : code });
    } finally {
      this.update({ status: this.getSnapshot().stream ? "ready" : "idle" });
    }
    await this.#refresh();
  }

  #adopt(stream: MediaStream, source: "camera" | "screen"): void {
    const videoTrack = stream.getVideoTracks()[0] ?? null;
    const { microphone, screen } = this.#sound;
    for (const track of [microphone, screen, videoTrack]) if (track) this.#watch(track);
    if (videoTrack) hint(videoTrack, source);
    this.#lost.clear();
    this.update({
      stream,
      audioTrack: stream.getAudioTracks()[0] ?? null,
      videoTrack,
      source,
      cameraBehind: false,
      audioOn: true,
      videoOn: true,
    });
    this.#refreshSound();
  }

  /** Opens the first of these that is there; whether one came in the place of the device in use. */
  #replaceDevice(kind: DeviceKind, choices: (DeviceChoice | undefined)[]): Promise<boolean> {
    const change = this.#changes.then(() => this.#replaceNow(kind, choices));
    this.#changes = change;
    return change;
  }

  async #replaceNow(kind: DeviceKind, choices: (DeviceChoice | undefined)[]): Promise<boolean> {
    const { settings } = this.getSnapshot();
    const old = kind === "camera" ? this.#camera : this.#sound.microphone;
    const open = () => firstThere(choices, (choice) => openDevice(kind, choice, settings));
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
    if (!choice || this.#lost.has(kind)) return;
    const track = await openDevice(kind, choice, this.getSnapshot().settings).catch(() => null);
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
      this.#setMicrophone(track);
    }
    this.#lost.delete(kind);
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
    if (kind === "microphone") {
      this.#sound.microphone = null;
      this.#refreshSound();
      return;
    }
    const { stream, videoTrack } = this.getSnapshot();
    if (videoTrack) stream?.removeTrack(videoTrack);
    this.update({ videoTrack: null });
  }

  #setMicrophone(track: MediaStreamTrack): void {
    this.#sound.microphone = track;
    track.enabled = this.getSnapshot().audioOn;
    this.#watch(track);
    this.#refreshSound();
  }

  #setScreenSound(track: MediaStreamTrack | null): void {
    const before = this.#sound.screen;
    this.#sound.screen = track;
    if (track) this.#watch(track);
    this.#refreshSound();
    before?.stop();
  }

  /** Puts what is heard now in the place of what was. */
  #refreshSound(): void {
    const { stream, audioTrack, audioOn } = this.getSnapshot();
    if (!stream) return;
    const { microphone, screen, choice, isHeardWithoutMicrophone } = this.#sound;
    const track = this.#sound.output();
    if (track !== audioTrack) {
      if (audioTrack) stream.removeTrack(audioTrack);
      if (track) stream.addTrack(track);
    }
    this.update({
      audioTrack: track,
      microphone,
      soundChoice: screen ? choice : null,
      audible: track !== null && (isHeardWithoutMicrophone || audioOn),
    });
  }

  #watch(track: MediaStreamTrack): void {
    track.onended = () => this.#ended(track);
    track.onmute = () => {
      if (this.#isDevice(track)) this.update({ error: "device_muted" });
    };
    track.onunmute = () => {
      if (this.getSnapshot().error === "device_muted") this.update({ error: null });
    };
  }

  /** In use, and not what is shared: a window that is hidden shows nothing, and is nothing to worry about. */
  #isDevice(track: MediaStreamTrack): boolean {
    return this.#isInUse(track) && (track === this.#sound.microphone || track === this.#camera);
  }

  #isInUse(track: MediaStreamTrack): boolean {
    const { microphone, screen } = this.#sound;
    return [microphone, screen, this.getSnapshot().videoTrack].includes(track);
  }

  /**
   * Unplugged, or no longer shared. A closed window is no wish to be seen: nothing comes in the place
   * of a share. A broadcast goes on with another camera or microphone, as long as the host has the
   * kind switched on.
   */
  #ended(track: MediaStreamTrack): void {
    if (track === this.#camera) this.update({ cameraBehind: false });
    if (!this.#isInUse(track)) return;
    const { videoTrack, source, audioOn, videoOn } = this.getSnapshot();
    if (track === this.#sound.screen) {
      this.#setScreenSound(null);
      return;
    }
    if (track === videoTrack && source === "screen") {
      this.#showNothing();
      this.#setScreenSound(null);
      return;
    }
    const kind = track === videoTrack ? "camera" : "microphone";
    this.#lost.set(kind, deviceOf(track));
    const isOn = kind === "camera" ? videoOn : audioOn;
    if (isOn) void this.#standIn(kind);
    else this.#isLost(kind);
  }

  /** Puts what there is in the place of a device that was unplugged: the same one, if it is back. */
  #standIn(kind: DeviceKind): Promise<void> {
    const change = this.#changes.then(() => this.#standInNow(kind));
    this.#changes = change;
    return change;
  }

  async #standInNow(kind: DeviceKind): Promise<void> {
    if (!this.#isMissed(kind)) return;
    const { settings, error, standIns } = this.getSnapshot();
    const lost = this.#lost.get(kind);
    const track = await openAny(kind, lost, settings);
    if (!this.#isMissed(kind)) {
      track?.stop();
      return;
    }
    if (!track) {
      this.#isLost(kind);
      return;
    }
    if (!this.#take(kind, track) || isSame(lost, deviceOf(track))) return;
    const others = error === "device_lost" ? standIns.filter((one) => one.kind !== kind) : [];
    this.update({ error: "device_lost", standIns: [...others, { kind, label: track.label }] });
  }

  /** Whether there is a place for a device of the kind: none while a screen is in the camera's. */
  #isMissed(kind: DeviceKind): boolean {
    const { stream, source } = this.getSnapshot();
    return (
      stream !== null && this.#lost.has(kind) && (kind === "microphone" || source === "camera")
    );
  }

  #isLost(kind: DeviceKind): void {
    this.#drop(kind);
    this.update({ error: "device_lost", standIns: [] });
  }

  async #refresh(): Promise<void> {
    try {
      const devices = await listDevices();
      if (this.#closed) return;
      this.update(devices);
    } catch {
      // The pickers keep the list they have.
    }
    const { audioOn, videoOn } = this.getSnapshot();
    // What was plugged in may be what is missing.
    if (this.#lost.has("camera") && videoOn) void this.#standIn("camera");
    if (this.#lost.has("microphone") && audioOn) void this.#standIn("microphone");
  }
}

function hint(track: MediaStreamTrack, source: "camera" | "screen"): void {
  if ("contentHint" in track) track.contentHint = source === "camera" ? "motion" : "detail";
}

function isSame(one: DeviceChoice | undefined, other: DeviceChoice | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function stop(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/**
 * With its sound where browser and system have it; a person may leave it out. Not as a browser treats a
 * voice, which takes music away, and without what this page plays: guests would be heard twice.
 */
function askForScreen(): Promise<MediaStream> {
  const audio = { ...UNTOUCHED, channelCount: { ideal: 2 }, restrictOwnAudio: true };
  return navigator.mediaDevices.getDisplayMedia({ video: true, audio });
}
