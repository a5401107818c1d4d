import { acceptOffer } from "./accept-offer";
import { isByAddress, whenNoRelay } from "./detour";
import { PathWatch } from "./path-watch";
import { createPeer, peerConfig, playableCodecs, withoutDetour } from "./peer";
import { PeerGuard } from "./peer-guard";
import {
  type PictureChoice,
  type PictureWish,
  recallChoice,
  rememberChoice,
  wishOf,
} from "./picture-choice";
import type { ErrorCode, RoomState, ServerMessage } from "./protocol";
import { reconnectDelayMs } from "./reconnect";
import { Signaling, type SignalingOptions } from "./signaling";
import { StallDetector } from "./stall";
import { type ReceiveStats, StatsReader } from "./stats";
import { Store } from "./store";
import { type ViewerPhase, type ViewerProblem, viewerPhase } from "./viewer-phase";
import { watchVisibility } from "./visibility";
import { onWakeup } from "./wakeup";
import type { NoPath } from "./why-no-path";

export interface ViewerSnapshot {
  phase: ViewerPhase;
  room: RoomState | null;
  /** A new object for each peer connection; the page keeps the last frame of the one before. */
  stream: MediaStream | null;
  viewers: number;
  attempt: number;
  problem: ViewerProblem | null;
  /** What exactly, such as the codec that is missing. */
  detail: string | null;
  /** Whether we go on trying in spite of the problem. */
  retrying: boolean;
  /** Why there is no path to the server, while one is sought. */
  noPath: NoPath | null;
  stats: ReceiveStats | null;
  choice: PictureChoice;
  /** What the server sends of the picture, as it says. */
  layer: LayerNow | null;
}

export type LayerNow = Extract<ServerMessage, { type: "layer_now" }>;

export interface ViewerOptions {
  room: string;
  lang: string;
  makePeer?: (config: RTCConfiguration) => RTCPeerConnection | null;
  signaling?: Partial<SignalingOptions>;
}

export const VIEWER_START: ViewerSnapshot = {
  phase: "connecting",
  room: null,
  stream: null,
  viewers: 0,
  attempt: 0,
  problem: null,
  detail: null,
  retrying: false,
  noPath: null,
  stats: null,
  choice: "auto",
  layer: null,
};

type Offer = Extract<ServerMessage, { type: "offer" }>;

/** What the server takes a fan to want that says nothing. */
const NO_WISH: PictureWish = { video: "auto", visible: true };

const POLL_MS = 1_000;
/** While the first frame is awaited, so that the picture is not announced a second late. */
const EAGER_POLL_MS = 250;

const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "room_full",
  "server_full",
  "codec_unsupported",
  "version_unsupported",
  "sdp_bad",
  "sdp_no_media",
]);
const PATH: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ice_timeout",
  "ice_failed",
  "dtls_failed",
  "internal",
]);

/** A fan's side of a broadcast: waits for the host, plays, and heals itself. */
export class Viewer extends Store<ViewerSnapshot> {
  readonly #options: ViewerOptions;
  readonly #signaling: Signaling;
  readonly #stall = new StallDetector(Date.now());
  #guard: PeerGuard | null = null;
  #reader = new StatsReader();
  #iceServers: RTCIceServer[] = [];
  #isDetour = false;
  /** The browser takes the detour by a name only, and the page was opened by an address. */
  #needsName = false;
  #offers: Promise<void> = Promise.resolve();
  /** Sessions of the server's so far: an offer of one that is over is answered no more. */
  #sessions = 0;
  #pollTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #stopVisibility: () => void;
  #seen = true;
  /** Whether the stream has shown a frame. */
  #framed = false;
  /** What the server was told that we want. */
  #wish: PictureWish = NO_WISH;
  #progress = 0;
  /** What progress is measured by; nothing when nothing is expected to come. */
  #judgedBy: "picture" | "sound" | null = "picture";
  /** Whether media of this broadcast has been seen on this peer connection. */
  #playing = false;
  #stalled = false;
  /** Tries in a row that found no path to the media server. */
  #failures = 0;
  #againTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #paths = new PathWatch({
    tell: (noPath) => this.update({ noPath }),
    isOpen: () => this.#signaling.isOpen,
  });
  readonly #stopWakeup: () => void;
  /** No further try would help. */
  #stopped = false;
  #closed = false;
  pc: RTCPeerConnection | null = null;

  constructor(options: ViewerOptions) {
    super({ ...VIEWER_START, choice: recallChoice() });
    this.#options = options;
    this.#signaling = new Signaling({
      hello: {
        role: "fan",
        room: options.room,
        lang: options.lang,
        caps: { video: playableCodecs() },
      },
      onMessage: (message) => this.#receive(message),
      ...options.signaling,
    });
    this.#paths.greeted();
    this.#signaling.subscribe(() => this.#refresh());
    this.#stopVisibility = watchVisibility((seen) => {
      this.#seen = seen;
      this.#sayWish();
    });
    // Another network may have a path.
    this.#stopWakeup = onWakeup(() => {
      if (this.#againTimer !== undefined) this.#renew();
    });
    this.#schedule();
  }

  /** The person chose what to be sent; the next visit begins with it. */
  choose(choice: PictureChoice): void {
    rememberChoice(choice);
    this.update({ choice });
    this.#sayWish();
  }

  /** The page saw a frame: it knows before our next reading does. */
  frameShown(): void {
    this.#framed = true;
    this.#sayWish();
    if (this.getSnapshot().room?.live !== "live") return;
    this.#playing = true;
    this.#refresh();
  }

  /** The page goes away for good. */
  close(): void {
    this.#closed = true;
    this.#paths.close();
    clearTimeout(this.#pollTimer);
    this.#forgetTry();
    this.#stopVisibility();
    this.#stopWakeup();
    this.#signaling.send({ type: "leave" });
    this.#signaling.close();
    this.#dropPeer();
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        this.#welcomed(message);
        break;
      case "state":
        this.#setRoom(message);
        break;
      case "viewers":
        this.update({ viewers: message.n });
        break;
      case "offer":
        // To who is silent the server makes an offer after a while, also when our greeting is only slow;
        // after the welcome comes another.
        if (!this.#signaling.isOpen) break;
        // One after the other: an offer may arrive while the one before is being answered.
        this.#offers = this.#offers.then(() => this.#answer(message));
        break;
      case "layer_now":
        this.update({ layer: message });
        break;
      case "error":
        this.#failed(message);
        break;
      case "bye":
        if (message.retryMs === undefined) this.#stop("replaced");
        break;
    }
  }

  #welcomed(message: Extract<ServerMessage, { type: "welcome" }>): void {
    this.#paths.welcomed();
    this.#iceServers = message.iceServers;
    // A server that restarted counts its revisions from the start.
    this.update({ room: null });
    // A new session of the server's knows nothing of us.
    if (!message.resumed) {
      this.#wish = NO_WISH;
      this.#dropPeer();
      // What a closed peer connection was asked is never done, nor refused: nothing may wait for it.
      this.#offers = Promise.resolve();
      this.#sessions += 1;
    }
    this.#setRoom(message.room);
    if (!message.resumed || !this.pc) return;
    if (this.pc.connectionState !== "connected") this.#restart();
    else if (this.#isExpecting() && !this.#isHostsFault(message.room)) this.#guard?.check();
  }

  #setRoom(room: RoomState): void {
    const before = this.getSnapshot().room;
    if (before && room.rev < before.rev) return;
    if (room.live !== "live") {
      this.#playing = false;
      this.#paths.forget();
    }
    if (room.live !== before?.live) {
      this.#stall.reset(Date.now());
      this.#stalled = false;
    }
    this.update({ room });
    // The same lines may be another layer now.
    this.#sayWish();
    this.#refresh();
    this.#schedule();
  }

  /** Tells the server what we want of the picture, when that is news. */
  #sayWish(): void {
    // Without a socket the next welcome sees to it.
    if (this.#closed || !this.#signaling.isOpen) return;
    const { choice, room } = this.getSnapshot();
    const wish = wishOf({ choice, room, seen: this.#seen, framed: this.#framed });
    if (wish.video === this.#wish.video && wish.visible === this.#wish.visible) return;
    this.#wish = wish;
    this.#signaling.send({ type: "layer", ...wish });
  }

  /** What has to arrive, now that all is well. */
  #expected(room: RoomState): "picture" | "sound" | null {
    const isRefused = this.#wish.video === "off" || !this.#wish.visible;
    const { layer } = this.getSnapshot();
    const isStarved = layer?.on === false && layer.reason === "bandwidth";
    if (room.video === "on" && !isRefused && !isStarved) return "picture";
    return room.audio === "on" ? "sound" : null;
  }

  #failed(message: Extract<ServerMessage, { type: "error" }>): void {
    const { code } = message;
    if (PATH.has(code)) {
      if (this.#guard?.hasConnected) this.#renew();
      else this.#tryAgain(code);
    } else if (code === "answer_timeout") {
      // We were too slow, as a page asleep is; the offer can be had again.
      this.#restart();
    } else if (FATAL.has(code)) {
      this.#stop(code, message.detail);
    }
  }

  #stop(problem: ViewerProblem, detail?: string): void {
    this.#stopped = true;
    this.#paths.close();
    this.#forgetTry();
    this.#signaling.close();
    this.#dropPeer();
    this.update({ problem, detail: detail ?? null, retrying: false });
    this.#refresh();
  }

  /** There is no path to the media server: says so, and looks for one again after a while. */
  #tryAgain(problem: ViewerProblem): void {
    if (this.#closed || this.#stopped || this.#againTimer !== undefined) return;
    this.#dropPeer();
    this.#failures += 1;
    const delayMs = reconnectDelayMs(this.#failures, this.#options.signaling?.random);
    this.#againTimer = setTimeout(() => this.#renew(), delayMs);
    this.#tellRetry(problem);
  }

  #tellRetry(problem: ViewerProblem): void {
    const told = this.#needsName ? "turn_needs_name" : problem;
    this.update({ problem: told, detail: null, retrying: true });
    this.#refresh();
  }

  #forgetTry(): void {
    clearTimeout(this.#againTimer);
    this.#againTimer = undefined;
  }

  /** There is a path: what failed before is over. */
  #connected(): void {
    this.#failures = 0;
    if (this.getSnapshot().retrying) this.update({ problem: null, retrying: false });
  }

  async #answer(offer: Offer): Promise<void> {
    if (this.#closed || this.#stopped) return;
    // The server was faster than our next try.
    this.#forgetTry();
    const session = this.#sessions;
    const isOver = () => this.#closed || session !== this.#sessions;
    const old = this.pc;
    let sdp = old && (await acceptOffer(old, offer.sdp));
    if (isOver()) return;
    sdp ??= await this.#acceptAnew(offer.sdp);
    if (sdp === null || isOver()) return;
    const neg = offer.neg === undefined ? {} : { neg: offer.neg };
    this.#signaling.send({ type: "answer", pc: "sub", ...neg, sdp });
    if (this.pc) this.#paths.negotiated(this.pc, offer.sdp);
  }

  /** A first offer, or one that the old peer connection cannot take any more. */
  async #acceptAnew(offer: string): Promise<string | null> {
    this.#dropPeer();
    this.#sayWish();
    const make = this.#options.makePeer ?? createPeer;
    const pc = make(peerConfig(this.#servers()));
    if (!pc) {
      this.#stop("unsupported");
      return null;
    }
    this.pc = pc;
    this.#reader = new StatsReader();
    this.#stall.reset(Date.now());
    const own = new MediaStream();
    pc.addEventListener("track", (event) => {
      // The server names one stream for both tracks; without it we gather them ourselves.
      const [stream] = event.streams;
      if (!stream) own.addTrack(event.track);
      if (pc === this.pc) this.update({ stream: stream ?? own });
    });
    pc.addEventListener("connectionstatechange", () => {
      if (pc.connectionState === "connected") this.#connected();
      this.#refresh();
    });
    this.#guard = new PeerGuard(pc, {
      isFlowing: () => this.#isFlowing(),
      restart: () => this.#restart(),
      renew: () => this.#renew(),
      detour: () => this.#detour(),
      fail: () => this.#tryAgain("ice_failed"),
    });
    if (this.#isDetour) whenNoRelay(pc, () => this.#noRelay(pc));
    const sdp = await acceptOffer(pc, offer);
    if (sdp === null && pc === this.pc) this.#stop("sdp_bad");
    return sdp;
  }

  #restart(): void {
    // Without a socket nobody hears it; the next welcome sees to it.
    if (this.#signaling.isOpen) this.#signaling.send({ type: "restart", pc: "sub" });
  }

  /** All servers once the direct paths have failed; not every browser takes others for a connection that it has. */
  #servers(): RTCIceServer[] {
    return this.#isDetour ? this.#iceServers : withoutDetour(this.#iceServers);
  }

  #detour(): void {
    if (this.#isDetour || this.#servers().length === this.#iceServers.length) return;
    this.#isDetour = true;
    this.#renew();
  }

  /** Says why there is no detour; a direct path may still be found. */
  #noRelay(pc: RTCPeerConnection): void {
    if (pc !== this.pc || this.#guard?.hasConnected || !isByAddress()) return;
    this.#needsName = true;
    this.#tellRetry("turn_needs_name");
  }

  /** A whole new session; the last frame stays on the page until its first. */
  #renew(): void {
    this.#forgetTry();
    this.#signaling.send({ type: "leave" });
    this.#signaling.renew();
  }

  #schedule(): void {
    clearTimeout(this.#pollTimer);
    if (this.#closed) return;
    const isEager = this.getSnapshot().room?.live === "live" && !this.#playing;
    this.#pollTimer = setTimeout(() => void this.#poll(), isEager ? EAGER_POLL_MS : POLL_MS);
  }

  async #poll(): Promise<void> {
    const pc = this.pc;
    const report = await pc?.getStats().catch(() => null);
    if (this.#closed) return;
    if (report && pc === this.pc) {
      const stats = this.#reader.receive(report);
      this.update({ stats });
      this.#judge(stats);
    }
    this.#schedule();
  }

  #judge(stats: ReceiveStats): void {
    const { room } = this.getSnapshot();
    // Before the first connection there is no picture to stand still.
    if (room?.live !== "live" || !this.#guard?.hasConnected) return;
    const by = this.#expected(room);
    // Without a picture bytes have to do.
    const progress = by === "picture" ? stats.framesDecoded : stats.bytesReceived;
    if (by !== this.#judgedBy) {
      this.#judgedBy = by;
      this.#progress = progress;
      this.#stall.reset(Date.now());
    }
    if (by === null) {
      // Neither picture nor sound is sent: there is nothing to wait for.
      this.#playing = true;
      this.#stalled = false;
      this.#refresh();
      return;
    }
    if (progress > this.#progress) this.#playing = true;
    this.#progress = progress;
    const verdict = this.#stall.sample(Date.now(), progress);
    this.#stalled = verdict !== "flowing";
    // The host's side is not ours to heal.
    if (!this.#isHostsFault(room)) {
      if (verdict === "restart") this.#restart();
      if (verdict === "renew") this.#renew();
    }
    this.#refresh();
  }

  /** Whether the host's side is to blame for what does not come: our own path is there. */
  #isHostsFault(room: RoomState): boolean {
    return room.hostTrouble && this.pc?.connectionState === "connected";
  }

  /** Whether something has to arrive, and has before. */
  #isExpecting(): boolean {
    const isLive = this.getSnapshot().room?.live === "live";
    return isLive && this.#judgedBy !== null && this.#playing;
  }

  /** Whether what has to arrive does. */
  #isFlowing(): boolean {
    return this.#isExpecting() && !this.#stalled;
  }

  #refresh(): void {
    if (this.#closed) return;
    const signaling = this.#signaling.getSnapshot();
    this.update({
      attempt: signaling.status === "open" ? 0 : signaling.attempt,
      phase: viewerPhase({
        problem: this.getSnapshot().problem,
        room: this.getSnapshot().room,
        signaling: signaling.status,
        connected: this.pc?.connectionState === "connected",
        playing: this.#playing,
        stalled: this.#stalled,
      }),
    });
  }

  #dropPeer(): void {
    this.#guard?.close();
    this.#guard = null;
    this.#playing = false;
    this.#stalled = false;
    this.#progress = 0;
    this.#judgedBy = "picture";
    this.#framed = false;
    this.update({ layer: null });
    const pc = this.pc;
    this.pc = null;
    pc?.close();
  }
}
