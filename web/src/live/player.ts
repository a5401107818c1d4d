import { linesOf } from "./picture-choice";
import { watchShownFrames } from "./shown-frames";
import { recall, remember } from "./storage";
import { Store } from "./store";
import type { ShownFrame } from "./true-latency";

export interface PlayerSnapshot {
  muted: boolean;
  /** 0 to 1. */
  volume: number;
  paused: boolean;
  /** The browser wants a tap before it plays anything. */
  blocked: boolean;
  hasFrame: boolean;
  /** The last frame of the stream before stands in front until the new one shows its first. */
  covered: boolean;
  isPortrait: boolean;
  /** Of the picture as it is shown now: 720 for "720p". */
  lines: number | null;
}

/** Muted: browsers let nothing else play by itself. */
export const PLAYER_START: PlayerSnapshot = {
  muted: true,
  volume: 1,
  paused: false,
  blocked: false,
  hasFrame: false,
  covered: false,
  isPortrait: false,
  lines: null,
};

/** Plays a live stream in a video element: muted at once, with sound once the person wanted it. */
export class Player extends Store<PlayerSnapshot> {
  readonly video: HTMLVideoElement;
  readonly #cover: HTMLCanvasElement;
  readonly #events = new AbortController();

  readonly #stopWatching: () => void;

  constructor(
    video: HTMLVideoElement,
    cover: HTMLCanvasElement,
    onFrame: () => void,
    onScreen: (frame: ShownFrame) => void = () => {},
    muted = recall("sound") !== true,
  ) {
    const volume = recall("volume");
    super({
      ...PLAYER_START,
      muted,
      volume: typeof volume === "number" ? Math.min(1, Math.max(0, volume)) : 1,
    });
    this.video = video;
    this.#cover = cover;
    this.#stopWatching = watchShownFrames(video, onScreen);
    video.muted = this.getSnapshot().muted;
    video.volume = this.getSnapshot().volume;
    const on = (event: string, handle: () => void) =>
      video.addEventListener(event, handle, { signal: this.#events.signal });
    const framed = () => {
      if (!isPicture(video)) return;
      this.update({ covered: false, hasFrame: true, ...shapeOf(video) });
      onFrame();
    };
    on("loadeddata", framed);
    on("resize", framed);
    on("play", () => this.update({ paused: false, blocked: false }));
    on("pause", () => this.update({ paused: true }));
  }

  setStream(stream: MediaStream | null): void {
    const { video } = this;
    if (stream === null || video.srcObject === stream) return;
    this.#keepFrame();
    video.srcObject = stream;
    void this.play();
  }

  async play(): Promise<void> {
    try {
      await this.video.play();
    } catch (error) {
      if ((error as Error).name !== "NotAllowedError") return;
      if (this.video.muted) {
        this.update({ blocked: true, paused: true });
      } else {
        // Sound needs a touch of the page first: the picture does not.
        this.#setMuted(true);
        await this.play();
      }
    }
  }

  togglePlay(): void {
    if (this.video.paused) void this.play();
    else this.video.pause();
  }

  /** Call it from the tap itself: browsers grant sound to that only. */
  async setMuted(muted: boolean): Promise<void> {
    this.#setMuted(muted);
    remember("sound", !muted);
    if (!muted && this.getSnapshot().volume === 0) this.setVolume(0.5);
    if (!muted) await this.play();
  }

  /** The browser wants a touch of the page before it plays sound; the next visit begins as the person chose. */
  muteForNow(): void {
    this.#setMuted(true);
  }

  toggleMuted(): void {
    void this.setMuted(!this.getSnapshot().muted);
  }

  setVolume(volume: number): void {
    const value = Math.min(1, Math.max(0, Math.round(volume * 100) / 100));
    this.video.volume = value;
    remember("volume", value);
    this.update({ volume: value });
    if (value > 0 && this.getSnapshot().muted) void this.setMuted(false);
  }

  close(): void {
    this.#events.abort();
    this.#stopWatching();
    this.video.srcObject = null;
  }

  #setMuted(muted: boolean): void {
    this.video.muted = muted;
    this.update({ muted });
  }

  #keepFrame(): void {
    const { video } = this;
    if (!isPicture(video)) return;
    this.#cover.width = video.videoWidth;
    this.#cover.height = video.videoHeight;
    this.#cover.getContext("2d")?.drawImage(video, 0, 0);
    this.update({ covered: true });
  }
}

/** Chromium shows two black pixels while a connection comes back. */
function isPicture({ videoWidth, videoHeight }: HTMLVideoElement): boolean {
  return videoWidth > 2 && videoHeight > 2;
}

function shapeOf({ videoWidth: w, videoHeight: h }: HTMLVideoElement) {
  return { isPortrait: h > w, lines: linesOf({ w, h }) || null };
}
