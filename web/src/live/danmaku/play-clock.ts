import { Listeners } from "../listeners";

/** Events of a video after which it may play or stand still. */
const EVENTS = [
  "play",
  "playing",
  "pause",
  "waiting",
  "seeking",
  "seeked",
  "ended",
  "emptied",
  "ratechange",
] as const;

/** A clock that goes while a recording plays, as fast as it does, and else stands still. */
export class PlayClock {
  readonly #wallMs: () => number;
  #atMs = 0;
  /** Since when it goes, by the clock on the wall; null while it stands still. */
  #sinceMs: number | null = null;
  #rate = 1;
  /** It goes again, or stands still. */
  readonly changed = new Listeners<undefined>();

  constructor(wallMs: () => number = () => performance.now()) {
    this.#wallMs = wallMs;
  }

  get isRunning(): boolean {
    return this.#sinceMs !== null;
  }

  readonly now = (): number => {
    const goneMs = this.#sinceMs === null ? 0 : this.#wallMs() - this.#sinceMs;
    return this.#atMs + goneMs * this.#rate;
  };

  set(isRunning: boolean, rate: number): void {
    this.#atMs = this.now();
    this.#sinceMs = isRunning ? this.#wallMs() : null;
    this.#rate = rate;
    this.changed.tell(undefined);
  }

  /** Goes with a video until the returned function is called. */
  follow(video: HTMLVideoElement): () => void {
    const look = ({ type }: Event) => {
      const hasPicture = type === "playing" || video.readyState >= video.HAVE_FUTURE_DATA;
      this.set(hasPicture && !video.paused && !video.seeking && !video.ended, video.playbackRate);
    };
    for (const event of EVENTS) video.addEventListener(event, look);
    return () => {
      for (const event of EVENTS) video.removeEventListener(event, look);
      this.set(false, 1);
    };
  }
}
