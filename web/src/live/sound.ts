import { Mix } from "./mix";

/** What of microphone and screen is heard while a screen with sound is shown. */
export const SOUND_CHOICES = ["mix", "screen", "microphone"] as const;
export type SoundChoice = (typeof SOUND_CHOICES)[number];

/** The host's sound: the microphone, the sound of what is shared, or both in one track. */
export class Sound {
  microphone: MediaStreamTrack | null = null;
  screen: MediaStreamTrack | null = null;
  choice: SoundChoice = "mix";
  #mix: Mix | null = null;
  readonly #makeMix: () => Mix | null;

  constructor(makeMix: () => Mix | null = Mix.make) {
    this.#makeMix = makeMix;
  }

  /** The one track that is sent. */
  output(): MediaStreamTrack | null {
    const { microphone, screen, choice } = this;
    if (!screen || choice === "microphone") return this.#alone(microphone);
    if (!microphone || choice === "screen") return this.#alone(screen);
    this.#mix ??= this.#makeMix();
    // A browser that cannot mix sends the voice.
    if (!this.#mix) return microphone;
    this.#mix.set([microphone, screen]);
    return this.#mix.track;
  }

  /** Whether something is heard although the microphone is off. */
  get isHeardWithoutMicrophone(): boolean {
    return this.screen !== null && this.choice !== "microphone";
  }

  close(): void {
    this.microphone?.stop();
    this.screen?.stop();
    this.microphone = null;
    this.screen = null;
    this.#alone(null);
  }

  #alone(track: MediaStreamTrack | null): MediaStreamTrack | null {
    this.#mix?.close();
    this.#mix = null;
    return track;
  }
}
