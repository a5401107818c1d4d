import { Store } from "./store";

export interface BellSnapshot {
  on: boolean;
  /** Whether the browser shows a notification too; it does not when the person or the system forbids it. */
  notifies: boolean;
}

/** Two tones, in hertz, and when each begins, in seconds. */
const TONES = [
  [880, 0],
  [1175, 0.18],
] as const;
const TONE_S = 0.16;

/** Tells somebody who waits in another tab that the broadcast begins: a sound and a notification. */
export class Bell extends Store<BellSnapshot> {
  #audio: AudioContext | null = null;

  constructor() {
    super({ on: false, notifies: false });
  }

  /** From a click: browsers grant sound and ask about notifications only then. */
  async toggle(): Promise<void> {
    if (this.getSnapshot().on) {
      this.update({ on: false });
      return;
    }
    this.update({ on: true });
    if (typeof AudioContext !== "undefined") {
      this.#audio ??= new AudioContext();
      void this.#audio.resume().catch(() => undefined);
    }
    this.update({ notifies: await mayNotify() });
  }

  ring(title: string): void {
    const { on, notifies } = this.getSnapshot();
    if (!on) return;
    // It was about this broadcast; the next has to be asked for again.
    this.update({ on: false });
    if (this.#audio) play(this.#audio);
    if (notifies && document.visibilityState === "hidden") notify(title);
  }

  close(): void {
    void this.#audio?.close().catch(() => undefined);
    this.#audio = null;
  }
}

async function mayNotify(): Promise<boolean> {
  if (typeof Notification === "undefined") return false;
  if (Notification.permission !== "default") return Notification.permission === "granted";
  return (await Notification.requestPermission().catch(() => "denied")) === "granted";
}

function notify(title: string): void {
  try {
    const notification = new Notification(title, { tag: "kaibo-live" });
    notification.onclick = () => {
      window.focus();
      notification.close();
    };
  } catch {
    // Chromium on Android shows them from service workers alone; the sound has to do.
  }
}

function play(audio: AudioContext): void {
  for (const [frequency, at] of TONES) {
    const [tone, gain] = [audio.createOscillator(), audio.createGain()];
    const start = audio.currentTime + at;
    tone.frequency.value = frequency;
    gain.gain.setValueAtTime(0.25, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + TONE_S);
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + TONE_S);
  }
}
