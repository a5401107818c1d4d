/** What the page around may ask: `{kaibo: "play"}`. `listen` asks to be told the state from now on. */
export type Command = "listen" | "play" | "pause" | "mute" | "unmute" | "volume";

/** What it is told, as it changes. */
export interface Told {
  room: string;
  state: string;
  paused: boolean;
  muted: boolean;
  volume: number;
  title: string;
}

export interface CommandHandlers {
  play: () => void;
  pause: () => void;
  mute: () => void;
  unmute: () => void;
  /** From 0 to 1. */
  volume: (value: number) => void;
}

/**
 * Talks with the page that this one is embedded in, and with no other. It is told nothing but "ready" before it asks,
 * and then by its own origin, so that a page which takes its place hears nothing.
 */
export class PageAround {
  readonly #parent: Window | null;
  readonly #handlers: CommandHandlers;
  readonly #events = new AbortController();
  #origin: string | null = null;
  #told: Told | null = null;

  constructor(handlers: CommandHandlers, self: Window = window) {
    this.#handlers = handlers;
    this.#parent = self.parent === self ? null : self.parent;
    self.addEventListener("message", (event) => this.#hear(event), {
      signal: this.#events.signal,
    });
    this.#parent?.postMessage({ kaibo: "ready" }, "*");
  }

  /** What is so now; it is passed on when the page listens and something differs. */
  tell(now: Told): void {
    const before = this.#told;
    const keys = Object.keys(now) as (keyof Told)[];
    if (before && keys.every((key) => before[key] === now[key])) return;
    this.#told = now;
    this.#say();
  }

  close(): void {
    this.#events.abort();
  }

  #hear({ source, origin, data }: MessageEvent): void {
    if (this.#parent === null || source !== this.#parent) return;
    const { kaibo, value } = read(data);
    switch (kaibo) {
      case "listen":
        // An origin that has no name, such as that of a file, cannot be written to by name.
        this.#origin = origin === "null" ? "*" : origin;
        this.#say();
        break;
      case "play":
      case "pause":
      case "mute":
      case "unmute":
        this.#handlers[kaibo]();
        break;
      case "volume":
        if (typeof value === "number" && value >= 0 && value <= 1) this.#handlers.volume(value);
        break;
    }
  }

  #say(): void {
    if (this.#origin === null || this.#told === null) return;
    this.#parent?.postMessage({ kaibo: "state", ...this.#told }, this.#origin);
  }
}

function read(data: unknown): { kaibo?: unknown; value?: unknown } {
  return typeof data === "object" && data !== null ? data : {};
}
