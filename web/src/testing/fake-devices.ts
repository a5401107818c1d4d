import { vi } from "vitest";

type Facing = "user" | "environment";

export interface FakeDevice {
  kind: "camera" | "microphone";
  id: string;
  label: string;
  facing?: Facing;
}

/** A track of a device, or of a screen, that the test can end. */
export class FakeTrack extends EventTarget {
  readyState: "live" | "ended" = "live";
  enabled = true;
  contentHint = "";
  onended: (() => void) | null = null;
  onmute: (() => void) | null = null;
  onunmute: (() => void) | null = null;

  readonly kind: "audio" | "video";
  readonly label: string;
  readonly device: FakeDevice | undefined;

  constructor(kind: "audio" | "video", label: string, device?: FakeDevice) {
    super();
    this.kind = kind;
    this.label = label;
    this.device = device;
  }

  getSettings(): MediaTrackSettings {
    const { id, facing } = this.device ?? {};
    return { ...(id ? { deviceId: id } : {}), ...(facing ? { facingMode: facing } : {}) };
  }

  async applyConstraints(): Promise<void> {}

  stop(): void {
    this.readyState = "ended";
  }

  /** Unplugged, or no longer shared. */
  ends(): void {
    this.stop();
    this.onended?.();
  }
}

class FakeStream {
  readonly #tracks = new Set<FakeTrack>();

  constructor(tracks: FakeTrack[] = []) {
    for (const track of tracks) this.#tracks.add(track);
  }

  getTracks(): FakeTrack[] {
    return [...this.#tracks];
  }

  getAudioTracks(): FakeTrack[] {
    return this.getTracks().filter(({ kind }) => kind === "audio");
  }

  getVideoTracks(): FakeTrack[] {
    return this.getTracks().filter(({ kind }) => kind === "video");
  }

  addTrack(track: FakeTrack): void {
    this.#tracks.add(track);
  }

  removeTrack(track: FakeTrack): void {
    this.#tracks.delete(track);
  }
}

type Wanted = { deviceId?: ConstrainDOMString; facingMode?: ConstrainDOMString } | true | undefined;

/** A computer's devices, asked for as in Chromium: what is only `ideal` counts for nothing. */
export class FakeDevices extends EventTarget {
  devices: FakeDevice[];
  /** Before the first permission the list has neither ids nor labels. */
  allowed = true;
  /** Ids of devices that another program holds. */
  readonly held = new Set<string>();
  readonly opened: FakeTrack[] = [];
  /** Only one camera may be open at a time, as on many phones. */
  oneCamera = false;
  /** Cameras refuse any wish for size and rate. */
  picky = false;

  constructor(devices: FakeDevice[]) {
    super();
    this.devices = devices;
  }

  /** Puts them in the place of the browser's. */
  install(): void {
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("RTCPeerConnection", class {});
    vi.stubGlobal("navigator", { ...window.navigator, mediaDevices: this });
  }

  async enumerateDevices(): Promise<{ kind: string; deviceId: string; label: string }[]> {
    return this.devices.map(({ kind, id, label }) => ({
      kind: kind === "camera" ? "videoinput" : "audioinput",
      deviceId: this.allowed ? id : "",
      label: this.allowed ? label : "",
    }));
  }

  readonly getUserMedia = vi.fn(async ({ audio, video }: MediaStreamConstraints) => {
    const asked: ["camera" | "microphone", Wanted][] = [];
    if (this.picky && typeof video === "object") {
      const error = new DOMException("cannot do that", "OverconstrainedError");
      throw Object.assign(error, { constraint: "width" });
    }
    if (audio) asked.push(["microphone", audio as Wanted]);
    if (video) asked.push(["camera", video as Wanted]);
    const devices = asked.map(([kind, wanted]) => this.#find(kind, wanted));
    this.allowed = true;
    return this.#open(
      devices.map(
        (device) =>
          new FakeTrack(device.kind === "camera" ? "video" : "audio", device.label, device),
      ),
    );
  });

  readonly getDisplayMedia = vi.fn(async () => this.#open([new FakeTrack("video", "a window")]));

  /** The devices that are open now. */
  running(): string[] {
    const live = this.opened.filter(({ readyState }) => readyState === "live");
    return live.map(({ label }) => label).sort();
  }

  #find(kind: FakeDevice["kind"], wanted: Wanted): FakeDevice {
    const exact = (value: unknown) => (value as { exact?: string } | undefined)?.exact;
    const id = wanted === true ? undefined : exact(wanted?.deviceId);
    const facing = wanted === true ? undefined : exact(wanted?.facingMode);
    const ofKind = this.devices.filter((device) => device.kind === kind);
    if (ofKind.length === 0) throw new DOMException("no device", "NotFoundError");
    const found = ofKind.find(
      (device) =>
        (id === undefined || device.id === id) &&
        (facing === undefined || device.facing === facing),
    );
    if (!found) {
      const error = new DOMException("no such device", "OverconstrainedError");
      throw Object.assign(error, { constraint: id === undefined ? "facingMode" : "deviceId" });
    }
    const isOpen = kind === "camera" && this.oneCamera && this.#hasLiveCamera();
    if (this.held.has(found.id) || isOpen) throw new DOMException("busy", "NotReadableError");
    return found;
  }

  #hasLiveCamera(): boolean {
    return this.opened.some(({ device, readyState }) => {
      return device?.kind === "camera" && readyState === "live";
    });
  }

  #open(tracks: FakeTrack[]): MediaStream {
    this.opened.push(...tracks);
    return new FakeStream(tracks) as unknown as MediaStream;
  }
}
