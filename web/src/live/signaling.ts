import { withBase } from "./base-path";
import type { ClientMessage, ErrorCode, ServerMessage } from "./protocol";
import { PROTOCOL_VERSION } from "./protocol";
import { reconnectDelayMs } from "./reconnect";
import { ServerClock } from "./server-clock";
import { Store } from "./store";
import { onWakeup } from "./wakeup";

type Hello = Extract<ClientMessage, { type: "hello" }>;

type HelloWords = Omit<Hello, "type" | "v" | "resume">;

/** The part of a WebSocket that we use, so that a test can stand in for it. */
export type SocketLike = Pick<
  WebSocket,
  "readyState" | "send" | "close" | "onopen" | "onmessage" | "onclose"
>;

export interface SignalingOptions {
  /** What it says at each opening of a socket; a function where that changes. */
  hello: HelloWords | (() => HelloWords);
  onMessage: (message: ServerMessage) => void;
  url?: string;
  openSocket?: (url: string) => SocketLike;
  random?: () => number;
}

/** `id`: an error that it causes names it. */
export type Request = ClientMessage & { id?: string };

export interface SignalingSnapshot {
  /** `open` means welcomed: the socket alone is not enough. */
  status: "connecting" | "open" | "waiting" | "closed";
  /** Tries since the last welcome. */
  attempt: number;
  rttMs: number | null;
  /** The server's clock minus ours. */
  clockOffsetMs: number;
}

const OPEN = 1;
const PING_EVERY_MS = 10_000;
/** The first answers of a connection are late while the page is busy: the clocks are compared again soon. */
const EARLY_PINGS_MS = [400, 1_500];
/** Two pings and a half without a word: the far side is gone although TCP has not noticed. */
const SILENCE_MS = 25_000;
const WELCOME_WITHIN_MS = 10_000;
/** After a wake-up a living server answers a ping within this. */
const WAKE_ANSWER_MS = 3_000;
/** More than a page says in a reconnect; beyond it the oldest is worthless. */
const QUEUE_MAX = 64;

/** We are done; or we will be back, and the server is to keep our place. */
const CLOSE = { done: 1000, back: 4000 };

/** Errors after which the same `hello` would fail again. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "auth_required",
  "auth_bad",
  "forbidden",
  "https_required",
  "host_taken",
  "not_found",
  "version_unsupported",
]);
/** Close codes that say the same: key refused, banned, no such room, another page took over. */
const HOPELESS_CLOSE = new Set([4401, 4403, 4404, 4409]);

/** The address of `/ws` on the server that the page came from. */
export function socketUrl(location: Pick<Location, "protocol" | "host"> = window.location): string {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  return `${scheme}://${location.host}${withBase("/ws")}`;
}

/** One conversation with the server: outlives sockets, resumes its place, never throws. */
export class Signaling extends Store<SignalingSnapshot> {
  readonly #options: Required<SignalingOptions>;
  readonly #stopWakeup: () => void;
  #socket: SocketLike | null = null;
  #queue: Request[] = [];
  #resume: string | null = null;
  #retryMs: number | null = null;
  #hopeless = false;
  #heardAt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #welcomeTimer: ReturnType<typeof setTimeout> | undefined;
  #wakeTimer: ReturnType<typeof setTimeout> | undefined;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #earlyPings: ReturnType<typeof setTimeout>[] = [];
  readonly clock = new ServerClock();

  constructor(options: SignalingOptions) {
    super({ status: "connecting", attempt: 0, rttMs: null, clockOffsetMs: 0 });
    this.#options = {
      url: socketUrl(),
      openSocket: (url) => new WebSocket(url),
      random: Math.random,
      ...options,
    };
    this.#stopWakeup = onWakeup(() => this.#check());
    this.#connect();
  }

  get isOpen(): boolean {
    return this.getSnapshot().status === "open";
  }

  /** Sends now, or after the next welcome. */
  send(message: Request): void {
    const socket = this.#socket;
    if (this.isOpen && socket?.readyState === OPEN) {
      socket.send(JSON.stringify(message));
    } else if (this.getSnapshot().status !== "closed") {
      this.#queue = [...this.#queue, message].slice(-QUEUE_MAX);
    }
  }

  /** Starts over as a stranger: for when the resumed session itself does not work. */
  renew(): void {
    if (this.getSnapshot().status === "closed") return;
    this.#resume = null;
    this.#queue = [];
    this.#drop(CLOSE.done);
    this.update({ attempt: 0 });
    this.#connect();
  }

  close(): void {
    this.#stopWakeup();
    this.#drop(CLOSE.done);
    this.#queue = [];
    this.update({ status: "closed" });
  }

  #connect(): void {
    this.update({ status: "connecting" });
    let socket: SocketLike;
    try {
      socket = this.#options.openSocket(this.#options.url);
    } catch {
      this.#lost();
      return;
    }
    this.#socket = socket;
    this.#welcomeTimer = setTimeout(() => this.#lost(), WELCOME_WITHIN_MS);
    socket.onopen = () => {
      const words = this.#options.hello;
      const resume = this.#resume === null ? {} : { resume: this.#resume };
      const hello: Hello = {
        type: "hello",
        v: PROTOCOL_VERSION,
        ...(typeof words === "function" ? words() : words),
        ...resume,
      };
      socket.send(JSON.stringify(hello));
    };
    socket.onmessage = (event) => {
      if (socket === this.#socket) this.#receive(event.data);
    };
    socket.onclose = (event) => {
      if (socket !== this.#socket) return;
      if (HOPELESS_CLOSE.has(event.code)) this.#hopeless = true;
      this.#lost();
    };
  }

  #receive(data: unknown): void {
    this.#heardAt = Date.now();
    clearTimeout(this.#wakeTimer);
    const message = parse(data);
    if (message === null) return;
    switch (message.type) {
      case "welcome":
        this.#welcomed(message);
        return;
      case "pong":
        this.#pong(message);
        return;
      case "bye":
        this.#hopeless = message.retryMs === undefined;
        this.#retryMs = message.retryMs ?? null;
        break;
      case "error":
        if (message.fatal) {
          this.#hopeless = HOPELESS.has(message.code);
          this.#retryMs = message.retryMs ?? null;
        }
        break;
    }
    this.#options.onMessage(message);
  }

  #welcomed(message: Extract<ServerMessage, { type: "welcome" }>): void {
    clearTimeout(this.#welcomeTimer);
    // What was meant for a session that is gone would confuse the new one.
    if (this.#resume !== null && !message.resumed) this.#queue = [];
    this.#resume = message.resume;
    this.#retryMs = null;
    this.update({ status: "open", attempt: 0, clockOffsetMs: message.now - Date.now() });
    for (const queued of this.#queue.splice(0)) this.send(queued);
    this.#pingTimer = setInterval(() => this.#tick(), PING_EVERY_MS);
    this.#earlyPings = EARLY_PINGS_MS.map((ms) => setTimeout(() => this.#ping(), ms));
    this.#options.onMessage(message);
    this.#ping();
  }

  #tick(): void {
    if (Date.now() - this.#heardAt > SILENCE_MS) this.#lost();
    else this.#ping();
  }

  #ping(): void {
    this.send({ type: "ping", t: performance.now() });
  }

  #pong(message: Extract<ServerMessage, { type: "pong" }>): void {
    const rttMs = Math.max(0, performance.now() - message.t);
    this.clock.answered(performance.timeOrigin + message.t, message.now);
    this.update({ rttMs, clockOffsetMs: message.now + rttMs / 2 - Date.now() });
  }

  #check(): void {
    const { status } = this.getSnapshot();
    if (status === "waiting") {
      clearTimeout(this.#retryTimer);
      this.#connect();
    } else if (status === "open") {
      this.#ping();
      clearTimeout(this.#wakeTimer);
      this.#wakeTimer = setTimeout(() => this.#lost(), WAKE_ANSWER_MS);
    }
  }

  #lost(): void {
    this.#drop(CLOSE.back);
    if (this.#hopeless) {
      this.close();
      return;
    }
    const { attempt } = this.getSnapshot();
    const delayMs = this.#retryMs ?? reconnectDelayMs(attempt, this.#options.random);
    this.#retryMs = null;
    this.update({ status: "waiting", attempt: attempt + 1 });
    this.#retryTimer = setTimeout(() => this.#connect(), delayMs);
  }

  /** Forgets the socket first, so that its late events find nobody. */
  #drop(code: number): void {
    clearTimeout(this.#welcomeTimer);
    clearTimeout(this.#wakeTimer);
    clearTimeout(this.#retryTimer);
    clearInterval(this.#pingTimer);
    for (const timer of this.#earlyPings) clearTimeout(timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(code);
  }
}

function parse(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const message: unknown = JSON.parse(data);
    const isMessage = typeof message === "object" && message !== null && "type" in message;
    return isMessage ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}
