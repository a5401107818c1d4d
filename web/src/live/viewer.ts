import { acceptOffer } from "./accept-offer";
import { AirTime } from "./air-time";
import { Chat } from "./chat";
import { isByAddress, whenNoRelay } from "./detour";
import { FULL_ERRORS, HOPELESS_ERRORS, PATH_ERRORS, problemOfBye } from "./error-kinds";
import { Experience } from "./experience";
import { Fallback } from "./fallback";
import { fanWithPassword } from "./fan-credentials";
import { type Expected, expectedMedia, FlowJudge } from "./flow-judge";
import type { GuestWire } from "./guest";
import { GuestStreams, HOST_STREAM } from "./guest-streams";
import { Listeners } from "./listeners";
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
import type { RoomState, ServerMessage } from "./protocol";
import { placeDelayMs, reconnectDelayMs } from "./reconnect";
import { Rewind } from "./rewind";
import { forgetRoomPassword } from "./room-password";
import { pageNow } from "./server-clock";
import { Signaling, type SignalingOptions } from "./signaling";
import { applySmooth, recallSmooth, rememberSmooth } from "./smoothness";
import { StageWatch } from "./stage-watch";
import type { ReceiveStats, StatsReader } from "./stats";
import { Store } from "./store";
import { type ShownFrame, TrueLatency } from "./true-latency";
import { type ViewerProblem, viewerPhase } from "./viewer-phase";
import { VIEWER_START, type ViewerSnapshot } from "./viewer-snapshot";
import { watchVisibility } from "./visibility";
import { onWakeup } from "./wakeup";

export interface ViewerOptions {
  room: string;
  lang: string;
  /** The host looks at what another program sends in its name: it counts as no viewer. */
  host?: { key?: string; secret: string };
  makePeer?: (config: RTCConfiguration) => RTCPeerConnection | null;
  signaling?: Partial<SignalingOptions>;
}

type Offer = Extract<ServerMessage, { type: "offer" }>;

/** What the server takes a fan to want that says nothing. */
const NO_WISH: PictureWish = { video: "auto", visible: true };

const POLL_MS = 1_000;
/** While the first frame is awaited, so that the picture is not announced a second late. */
const EAGER_POLL_MS = 250;
/** How often the server is told how late the picture is. */
const TELL_EVERY_MS = 10_000;

/** A fan's side of a broadcast: waits for the host, plays, and heals itself. */
export class Viewer extends Store<ViewerSnapshot> {
  readonly #options: ViewerOptions;
  readonly #signaling: Signaling;
  readonly #flow = new FlowJudge(Date.now());
  readonly #air = new AirTime();
  readonly #experience: Experience;
  #guard: PeerGuard | null = null;
  /** Its code is loaded once there is a picture to read of. */
  #reader: StatsReader | null = null;
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
  /** When the server is told next how late the picture is. */
  #tellAt = 0;
  /** Tries in a row that found no path to the media server. */
  #failures = 0;
  /** Refusals in a row of a full room or server. */
  #refusals = 0;
  #againTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #paths = new PathWatch({
    tell: (noPath) => this.update({ noPath }),
    isOpen: () => this.#signaling.isOpen,
  });
  readonly #stopWakeup: () => void;
  /** No further try would help. */
  #stopped = false;
  #closed = false;
  /** How long after its capture the picture is shown. */
  readonly latency = new TrueLatency();
  readonly room: string;
  pc: RTCPeerConnection | null = null;
  readonly chat: Chat;
  readonly stage: StageWatch;
  readonly rewind: Rewind;
  /** For who has no media path. */
  readonly fallback = new Fallback();
  readonly guests = new GuestStreams();
  readonly #hearers = new Listeners<ServerMessage>();
  /** For who is let on stage. */
  readonly wire: GuestWire = {
    send: (message) => this.#signaling.send(message),
    iceServers: () => this.#servers(),
    listen: this.#hearers.add,
  };

  constructor(options: ViewerOptions) {
    super({ ...VIEWER_START, choice: recallChoice(), smooth: recallSmooth() });
    this.room = options.room;
    this.#options = options;
    this.#experience = new Experience({ room: options.room, page: "room" });
    this.#signaling = new Signaling({
      hello: () => ({
        role: options.host ? "host" : "fan",
        room: options.room,
        lang: options.lang,
        caps: { video: playableCodecs() },
        ...(options.host ?? fanWithPassword(options.room)),
      }),
      onMessage: (message) => this.#receive(message),
      ...options.signaling,
    });
    this.chat = new Chat({
      wire: this.#signaling,
      clockOffsetMs: () => this.#signaling.getSnapshot().clockOffsetMs,
      seenAt: () => this.#seenAt(),
    });
    this.stage = new StageWatch((message) => this.#signaling.send(message));
    this.rewind = new Rewind({
      send: (message) => this.#signaling.send(message),
      now: () => pageNow() + (this.#signaling.clock.offsetMs ?? 0),
    });
    this.rewind.subscribe(() => {
      if (!this.rewind.isLive) this.latency.reset();
    });
    // What is on stage is live.
    this.stage.subscribe(() => {
      if (this.stage.getSnapshot().step === "accepted") this.rewind.goLive();
    });
    this.#paths.greeted();
    this.#signaling.subscribe(() => this.#refresh());
    this.#stopVisibility = watchVisibility((seen) => {
      this.#seen = seen;
      if (!seen) this.#experience.hidden();
      this.#sayWish();
    });
    // Another network may have a path.
    this.#stopWakeup = onWakeup(() => {
      if (this.#failures > 0 && this.#againTimer !== undefined) this.#renew();
    });
    this.#schedule();
  }

  /** The person chose what to be sent; the next visit begins with it. */
  choose(choice: PictureChoice): void {
    rememberChoice(choice);
    this.update({ choice });
    this.#sayWish();
  }

  /** How long until the picture is shown that was captured at `at`; 0 while that cannot be told. */
  readonly untilShown = (at: number): number => {
    const seenAt = this.#seenAt();
    return seenAt === null ? 0 : at - seenAt;
  };

  /** When the picture was captured that is shown now, by the server's clock. */
  #seenAt(): number | null {
    const latencyMs = this.rewind.isLive ? (this.getSnapshot().stats?.latencyMs ?? null) : null;
    const { clockOffsetMs } = this.#signaling.getSnapshot();
    return latencyMs === null ? null : Date.now() + clockOffsetMs - latencyMs;
  }

  /** The person wants the picture smooth, or as soon as possible. */
  setSmooth(smooth: boolean): void {
    rememberSmooth(smooth);
    this.update({ smooth });
    if (this.pc) applySmooth(this.pc, smooth);
  }

  /** The page saw a frame: it knows before our next reading does. */
  frameShown(): void {
    this.#framed = true;
    this.#experience.framed();
    this.#sayWish();
    if (this.getSnapshot().room?.live !== "live") return;
    this.#flow.playing = true;
    this.#refresh();
  }

  /** The page shows this frame. */
  frameOnScreen(frame: ShownFrame): void {
    const { isLive, isSettled } = this.rewind;
    if (isLive && isSettled) this.latency.shown(frame, this.#signaling.clock.offsetMs);
  }

  /** The page goes away for good. */
  close(): void {
    this.#closed = true;
    if (!this.#options.host) this.#experience.tell();
    this.#paths.close();
    this.chat.close();
    this.fallback.close();
    clearTimeout(this.#pollTimer);
    this.#forgetTry();
    this.#stopVisibility();
    this.#stopWakeup();
    this.#signaling.send({ type: "leave" });
    this.#signaling.close();
    this.#dropPeer();
  }

  #receive(message: ServerMessage): void {
    this.#hearers.tell(message);
    const takers = [this.stage, this.chat, this.rewind];
    if (takers.some((it) => it.receive(message))) return;
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
      case "clock":
        this.latency.clock(message);
        break;
      case "layer_now":
        this.update({ layer: message });
        break;
      case "error":
        this.#failed(message);
        break;
      case "bye":
        if (message.retryMs === undefined) this.#stop(problemOfBye(message.reason));
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
      this.#air.lost(Date.now());
      this.#dropPeer();
      // What a closed peer connection was asked is never done, nor refused: nothing may wait for it.
      this.#offers = Promise.resolve();
      this.#sessions += 1;
    }
    this.#setRoom(message.room);
    // A host is offered nothing by itself.
    if (this.#options.host && !this.pc) this.#restart();
    if (!message.resumed || !this.pc) return;
    if (this.pc.connectionState !== "connected") this.#restart();
    else if (this.#isExpecting() && !this.#isHostsFault(message.room)) this.#guard?.check();
  }

  #setRoom(room: RoomState): void {
    const before = this.getSnapshot().room;
    if (before && room.rev < before.rev) return;
    if (room.live !== "live") {
      this.#flow.playing = false;
      this.#paths.forget();
    }
    if (room.live !== before?.live) this.#flow.reset(Date.now());
    this.latency.uplink(room.uplinkMs);
    this.#experience.room(room.live === "live");
    this.rewind.room(room);
    this.update({ room: { ...room, since: this.#air.sinceOf(room, Date.now()) } });
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

  #failed(message: Extract<ServerMessage, { type: "error" }>): void {
    const { code } = message;
    if (PATH_ERRORS.has(code)) {
      if (this.#guard?.hasConnected) this.#renew();
      else this.#tryAgain(code);
    } else if (code === "answer_timeout") {
      // We were too slow, as a page asleep is; the offer can be had again.
      this.#restart();
    } else if (FULL_ERRORS.has(code)) {
      this.#waitForPlace(code, message.retryMs);
    } else if (HOPELESS_ERRORS.has(code)) {
      if (code === "auth_bad") forgetRoomPassword(this.room);
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

  /** All places are taken: asks again after a while, each time a longer one. */
  #waitForPlace(problem: ViewerProblem, retryMs: number | undefined): void {
    if (this.#closed || this.#stopped) return;
    this.#dropPeer();
    this.#forgetTry();
    this.#paths.forget();
    this.#refusals += 1;
    const delayMs = placeDelayMs(this.#refusals, retryMs, this.#options.signaling?.random);
    this.#againTimer = setTimeout(() => {
      this.#forgetTry();
      this.#restart();
    }, delayMs);
    this.update({ retryAtMs: Date.now() + delayMs });
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
    this.#refusals = 0;
    if (!this.getSnapshot().retrying) return;
    this.update({ problem: null, retrying: false, retryAtMs: null });
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
    this.#reader = null;
    this.#experience.renewed();
    this.#flow.reset(Date.now());
    this.guests.watch(pc);
    const own = new MediaStream();
    pc.addEventListener("track", (event) => {
      // The server names one stream for both tracks; without it we gather them ourselves. Those of guests have others.
      const [stream] = event.streams;
      if (stream && stream.id !== HOST_STREAM) return;
      if (!stream) own.addTrack(event.track);
      if (pc !== this.pc) return;
      applySmooth(pc, this.getSnapshot().smooth);
      this.update({ stream: stream ?? own });
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
    const isEager = this.getSnapshot().room?.live === "live" && !this.#flow.playing;
    this.#pollTimer = setTimeout(() => void this.#poll(), isEager ? EAGER_POLL_MS : POLL_MS);
  }

  async #poll(): Promise<void> {
    const pc = this.pc;
    const { room } = this.getSnapshot();
    const isOn = room?.live === "live" || room?.live === "interrupted";
    const report = isOn ? await pc?.getStats().catch(() => null) : null;
    const reader = report ? (this.#reader ?? (await newReader())) : null;
    if (this.#closed) return;
    if (report && reader && pc === this.pc) {
      this.#reader = reader;
      const { isLive } = this.rewind;
      const all = reader.receive(report);
      // What was live long ago has no latency.
      const read = isLive ? all : { ...all, latencyMs: null };
      const trueMs = isLive ? this.latency.latencyMs : null;
      const stats = trueMs === null ? read : { ...read, latencyMs: trueMs, isTrueLatency: true };
      this.#tell(trueMs);
      this.update({ stats });
      this.#experienced(report, trueMs);
      this.#judge(stats);
    }
    this.#schedule();
  }

  #experienced(report: RTCStatsReport, latencyMs: number | null): void {
    const { room, layer } = this.getSnapshot();
    const sees = this.#seen && this.rewind.isSettled;
    const watches = room?.live === "live" && sees && this.#flow.playing;
    const shown = { watches, latencyMs, layer: layer?.on ? (layer.rid ?? "whole") : null };
    if (!this.#options.host) this.#experience.sample(report, shown);
  }

  /** Tells the server now and then how late the picture is. */
  #tell(latencyMs: number | null): void {
    if (latencyMs === null || !this.#flow.playing || Date.now() < this.#tellAt) return;
    this.#tellAt = Date.now() + TELL_EVERY_MS;
    this.#signaling.send({ type: "stats", latencyMs: Math.round(latencyMs) });
  }

  #judge(stats: ReceiveStats): void {
    const { room } = this.getSnapshot();
    // Before the first connection there is no picture to stand still.
    if (room?.live !== "live" || !this.#guard?.hasConnected) return;
    const verdict = this.#flow.sample(Date.now(), stats, this.#expected(room));
    // The host's side is not ours to heal.
    if (!this.#isHostsFault(room)) {
      if (verdict === "restart") this.#restart();
      if (verdict === "renew") this.#renew();
    }
    this.#refresh();
  }

  #expected(room: RoomState): Expected {
    switch (this.rewind.getSnapshot().step) {
      case "live":
        return expectedMedia(room, this.#wish, this.getSnapshot().layer);
      case "past":
        // What was sent then is not known.
        return "sound";
      case "paused":
        return null;
    }
  }

  /** Whether the host's side is to blame for what does not come: our own path is there. */
  #isHostsFault(room: RoomState): boolean {
    return room.hostTrouble && this.pc?.connectionState === "connected";
  }

  /** Whether something has to arrive, and has before. */
  #isExpecting(): boolean {
    return this.getSnapshot().room?.live === "live" && this.#flow.isExpecting;
  }

  /** Whether what has to arrive does. */
  #isFlowing(): boolean {
    return this.#isExpecting() && !this.#flow.stalled;
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
        playing: this.#flow.playing,
        stalled: this.#flow.stalled,
      }),
    });
    this.#judgePath();
  }

  #judgePath(): void {
    const { room } = this.getSnapshot();
    // What there is stays while the server is asked anew, and while the host is away.
    if (this.#options.host || room === null || room.live === "interrupted") return;
    if (room.live !== "live" || this.#stopped) {
      this.fallback.close();
      return;
    }
    const { playing, stalled } = this.#flow;
    const isFlowing = this.pc?.connectionState === "connected" && playing && !stalled;
    const lacks = !isFlowing && !this.#isHostsFault(room) && this.rewind.isLive;
    this.fallback.judge({ lacks, hadMedia: playing, codec: room.codec });
  }

  #dropPeer(): void {
    this.#guard?.close();
    this.#guard = null;
    this.#flow.forget();
    this.#framed = false;
    this.latency.reset();
    this.rewind.reset();
    this.guests.forget();
    this.update({ layer: null });
    const pc = this.pc;
    this.pc = null;
    pc?.close();
  }
}

/** Null when its code does not come: then nothing is measured, and asked again a moment later. */
async function newReader(): Promise<StatsReader | null> {
  try {
    return new (await import("./stats")).StatsReader();
  } catch {
    return null;
  }
}
