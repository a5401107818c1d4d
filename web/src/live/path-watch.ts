import { withBase } from "./base-path";
import { candidatesOf } from "./candidates";
import { type NoPath, whyNoPath } from "./why-no-path";

/** A network has let something through by now, the detour that begins after 2 s too, or lets nothing through. */
const NO_PATH_MS = 3_500;
/** A server that is there has welcomed a page by now. */
const NO_WELCOME_MS = 3_000;
/** It answers a page by now, or a person has waited long enough for words. */
const ANSWERS_MS = 1_500;

const ICE_CONNECTED = ["connected", "completed"];

export interface PathWatchOptions {
  /** Null: there is a path, or none is sought. */
  tell: (why: NoPath | null) => void;
  /** Whether the server is there; if not, that is the reason, and others tell it. */
  isOpen?: () => boolean;
  here?: Pick<Location, "hostname" | "host">;
  fetch?: typeof fetch;
}

/** Says within 5 s why a page has no path to the server, while others go on trying; and when it has one. */
export class PathWatch {
  readonly #options: Required<PathWatchOptions>;
  #welcomeTimer: ReturnType<typeof setTimeout> | undefined;
  #pathTimer: ReturnType<typeof setTimeout> | undefined;
  #description = "";
  #stopListening: (() => void) | null = null;
  /** What the words are about. */
  #told: "socket" | "media" | null = null;
  #abort: AbortController | null = null;

  constructor(options: PathWatchOptions) {
    this.#options = {
      isOpen: () => true,
      here: window.location,
      fetch: (...args) => window.fetch(...args),
      ...options,
    };
  }

  /** The page greets the server for the first time. */
  greeted(): void {
    this.#welcomeTimer = setTimeout(() => void this.#seekServer(), NO_WELCOME_MS);
  }

  welcomed(): void {
    clearTimeout(this.#welcomeTimer);
    this.#abort?.abort();
    if (this.#told === "socket") this.#silence();
  }

  /** Both sides have described themselves: from now on there could be a path. */
  negotiated(pc: RTCPeerConnection, description: string): void {
    this.#stopListening?.();
    this.#description = description;
    const changed = () => {
      if (hasPath(pc)) this.#found();
      else if (pc.connectionState === "failed") this.#sayWhy();
    };
    const events = ["iceconnectionstatechange", "connectionstatechange"] as const;
    for (const event of events) pc.addEventListener(event, changed);
    this.#stopListening = () => {
      for (const event of events) pc.removeEventListener(event, changed);
    };
    // Later connections go on with the patience that is left.
    if (hasPath(pc)) this.#found();
    else this.#pathTimer ??= setTimeout(() => this.#sayWhy(), NO_PATH_MS);
  }

  /** Nothing is on air: no path is sought for now. */
  forget(): void {
    this.#stopListening?.();
    this.#stopListening = null;
    clearTimeout(this.#pathTimer);
    this.#pathTimer = undefined;
    if (this.#told === "media") this.#silence();
  }

  /** Nothing is sought any more. */
  close(): void {
    clearTimeout(this.#welcomeTimer);
    this.#abort?.abort();
    this.#stopListening?.();
    this.#stopListening = null;
    this.#found();
  }

  #found(): void {
    clearTimeout(this.#pathTimer);
    this.#pathTimer = undefined;
    this.#silence();
  }

  #silence(): void {
    if (this.#told === null) return;
    this.#told = null;
    this.#options.tell(null);
  }

  #sayWhy(): void {
    if (!this.#options.isOpen()) return;
    const candidates = candidatesOf(this.#description);
    const why = whyNoPath({ candidates, hostname: this.#options.here.hostname });
    if (why) this.#say("media", why);
  }

  #say(about: "socket" | "media", why: NoPath): void {
    this.#told = about;
    this.#options.tell(why);
  }

  /** No welcome: is it the WebSocket alone, or the whole server? */
  async #seekServer(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    const timer = setTimeout(() => abort.abort("late"), ANSWERS_MS);
    const answers = await this.#options
      .fetch(withBase("/healthz"), { signal: abort.signal, cache: "no-store" })
      .then(() => true)
      .catch(() => false);
    clearTimeout(timer);
    if (abort.signal.aborted && abort.signal.reason !== "late") return;
    const values = { host: this.#options.here.host };
    this.#say("socket", { code: answers ? "no_socket" : "no_server", values });
  }
}

function hasPath(pc: RTCPeerConnection): boolean {
  return pc.connectionState === "connected" || ICE_CONNECTED.includes(pc.iceConnectionState);
}
