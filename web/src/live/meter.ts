import { Store } from "./store";

export interface MeterSnapshot {
  /** 0 is silence, 1 is as loud as it goes; linear in decibels, as the ear is. */
  level: number;
  /** Nothing was heard for so long that the microphone is probably off. */
  silent: boolean;
}

const EVERY_MS = 66;
const FLOOR_DB = -60;
const SILENT_AFTER_MS = 5_000;

/** The loudness of a microphone, 15 times a second. */
export class Meter extends Store<MeterSnapshot> {
  readonly #context: AudioContext;
  readonly #analyser: AnalyserNode;
  readonly #source: MediaStreamAudioSourceNode;
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #samples: Float32Array<ArrayBuffer>;
  readonly #track: MediaStreamTrack;
  #heardAt = Date.now();

  constructor(track: MediaStreamTrack, context: AudioContext = new AudioContext()) {
    super({ level: 0, silent: false });
    this.#track = track;
    this.#context = context;
    this.#analyser = context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Float32Array(this.#analyser.fftSize);
    this.#source = context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
    this.#timer = setInterval(() => this.#measure(), EVERY_MS);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#source.disconnect();
    void this.#context.close().catch(() => undefined);
  }

  #measure(): void {
    // Browsers start the context suspended until the person has touched the page.
    if (this.#context.state === "suspended") {
      void this.#context.resume().catch(() => undefined);
      this.#heardAt = Date.now();
      return;
    }
    this.#analyser.getFloatTimeDomainData(this.#samples);
    const level = loudness(this.#samples);
    // Who has switched it off knows why nothing is heard.
    if (level > 0 || !this.#track.enabled) this.#heardAt = Date.now();
    this.update({
      level: Math.round(level * 100) / 100,
      silent: Date.now() - this.#heardAt > SILENT_AFTER_MS,
    });
  }
}

/** Root mean square as a share of the range from −60 dBFS to 0. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const db = 10 * Math.log10(sum / samples.length || Number.MIN_VALUE);
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}
