import { acceptOffer } from "../live/accept-offer";
import { FULL_ERRORS, HOPELESS_ERRORS, PATH_ERRORS, problemOfBye } from "../live/error-kinds";
import { Experience } from "../live/experience";
import { GuestStreams, HOST_STREAM } from "../live/guest-streams";
import { createPeer, peerConfig, playableCodecs, withoutDetour } from "../live/peer";
import { PeerGuard } from "../live/peer-guard";
import type { PersonId, RoomState, ServerMessage } from "../live/protocol";
import { reconnectDelayMs } from "../live/reconnect";
import { Signaling, type SignalingOptions } from "../live/signaling";
import { StallDetector } from "../live/stall";
import { Store } from "../live/store";
import { type ViewerPhase, type ViewerProblem, viewerPhase } from "../live/viewer-phase";
import { watchVisibility } from "../live/visibility";
import { onWakeup } from "../live/wakeup";

export interface WatcherSnapshot {
  phase: ViewerPhase;
  room: RoomState | null;
  /** A new object for each peer connection. */
  stream: MediaStream | null;
  /** The media of guests on stage, by the name of their stream. */
  guests: ReadonlyMap<string, MediaStream>;
  /** Which guest speaks. */
  speaker: PersonId | null;
  attempt: number;
  problem: ViewerProblem | null;
  /** What exactly, such as the codec that is missing. */
  detail: string | null;
  /** Whether it goes on trying in spite of the problem. */
  retrying: boolean;
  /** The network carries sound only for now. */
  starved: boolean;
}

export interface WatcherOptions {
  room: string;
  lang: string;
  makePeer?: (config: RTCConfiguration) => RTCPeerConnection | null;
  signaling?: Partial<SignalingOptions>;
}

type Of<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

const POLL_MS = 1_000;
/** When a place may be free again, where the server does not say. */
const FULL_MS = 15_000;

/**
 * The viewer of an embed: waits for the host, plays, and heals itself as that of the room's page does, without what
 * an embed has no place for: chat, statistics, a choice of the picture, reasons why there is no path.
 */
export class Watcher extends Store<WatcherSnapshot> {
  readonly #options: WatcherOptions;
  readonly #stall = new StallDetector(Date.now());
  readonly #guests = new GuestStreams();
  readonly #experience: Experience;
  readonly #cleanUp: (() => void)[];
  #signaling: Signaling | null = null;
  #guard: PeerGuard | null = null;
  #pc: RTCPeerConnection | null = null;
  #iceServers: RTCIceServer[] = [];
  #isDetour = false;
  #offers: Promise<void> = Promise.resolve();
  /** Sessions of the server's so far: an offer of one that is over is answered no more. */
  #sessions = 0;
  #failures = 0;
  #againTimer: ReturnType<typeof setTimeout> | undefined;
  #seen = true;
  /** What the server was told of that. */
  #toldSeen = true;
  /** A player is silent until it has a first frame, so the picture is wanted for that long. */
  #framed = false;
  #bytes = 0;
  #playing = false;
  #stalled = false;
  #isOver = false;

  constructor(options: WatcherOptions) {
    super({
      phase: "connecting",
      room: null,
      stream: null,
      guests: new Map(),
      speaker: null,
      attempt: 0,
      problem: null,
      detail: null,
      retrying: false,
      starved: false,
    });
    this.#options = options;
    this.#experience = new Experience({ room: options.room, page: "embed" });
    const poll = setInterval(() => void this.#poll(), POLL_MS);
    this.#cleanUp = [
      () => clearInterval(poll),
      watchVisibility((seen) => {
        this.#seen = seen;
        if (!seen) this.#experience.hidden();
        this.#sayVisible();
      }),
      this.#guests.subscribe(() => this.update({ guests: this.#guests.getSnapshot().streams })),
      // Another network may have a path, and a place be free by now.
      onWakeup(() => this.#againTimer !== undefined && this.#begin()),
    ];
    this.#begin();
  }

  /** The page saw a frame: it knows before our next reading does. */
  frameShown(): void {
    this.#framed = true;
    this.#experience.framed();
    this.#sayVisible();
    if (this.getSnapshot().room?.live === "live") this.#playing = true;
    this.#refresh();
  }

  close(): void {
    this.#isOver = true;
    this.#experience.tell();
    for (const end of this.#cleanUp) end();
    this.#end();
  }

  /** A whole new session; the last frame stays on the page until its first. */
  #begin(): void {
    this.#end();
    this.#signaling = new Signaling({
      hello: {
        role: "fan",
        room: this.#options.room,
        lang: this.#options.lang,
        caps: { video: playableCodecs() },
      },
      onMessage: (message) => this.#receive(message),
      ...this.#options.signaling,
    });
    this.#signaling.subscribe(() => this.#refresh());
    this.#refresh();
  }

  #end(): void {
    clearTimeout(this.#againTimer);
    this.#againTimer = undefined;
    this.#signaling?.send({ type: "leave" });
    this.#signaling?.close();
    this.#signaling = null;
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
      case "offer":
        // What comes before the welcome is for who is silent; after it comes another.
        if (!this.#signaling?.isOpen) break;
        // One after the other: an offer may arrive while the one before is being answered.
        this.#offers = this.#offers.then(() => this.#answer(message));
        break;
      case "speaker":
        this.update({ speaker: message.uid ?? null });
        break;
      case "layer_now":
        this.update({ starved: !message.on && message.reason === "bandwidth" });
        break;
      case "error":
        this.#failed(message);
        break;
      case "bye":
        if (message.retryMs === undefined) this.#stop(problemOfBye(message.reason));
        break;
    }
  }

  #welcomed(message: Of<"welcome">): void {
    this.#iceServers = message.iceServers;
    // A server that restarted counts its revisions from the start.
    this.update({ room: null });
    if (!message.resumed) {
      this.#toldSeen = true;
      this.#dropPeer();
      // What a closed peer connection was asked is never done, nor refused: nothing may wait for it.
      this.#offers = Promise.resolve();
      this.#sessions += 1;
    }
    this.#setRoom(message.room);
    if (!message.resumed || !this.#pc) return;
    if (this.#pc.connectionState !== "connected") this.#restart();
    else if (this.#isFlowing()) this.#guard?.check();
  }

  #setRoom(room: RoomState): void {
    const before = this.getSnapshot().room;
    if (before && room.rev < before.rev) return;
    if (room.live !== "live") this.#playing = false;
    if (room.live !== before?.live) this.#expectAnew();
    this.update({ room });
    this.#experience.room(room.live === "live");
    this.#refresh();
  }

  #failed({ code, detail, retryMs }: Of<"error">): void {
    if (PATH_ERRORS.has(code)) {
      if (this.#guard?.hasConnected) this.#begin();
      else this.#tryAgain(code);
    } else if (FULL_ERRORS.has(code)) {
      this.#tryAgain(code, retryMs ?? FULL_MS);
    } else if (code === "answer_timeout") {
      // We were too slow, as a page asleep is; the offer can be had again.
      this.#restart();
    } else if (HOPELESS_ERRORS.has(code)) {
      this.#stop(code, detail);
    }
  }

  #stop(problem: ViewerProblem, detail?: string): void {
    this.close();
    this.update({ problem, detail: detail ?? null, retrying: false, phase: "error" });
  }

  /** Says what is wrong, and begins again after a while. */
  #tryAgain(problem: ViewerProblem, waitMs?: number): void {
    if (this.#isOver || this.#againTimer !== undefined) return;
    this.#end();
    this.#failures += 1;
    const delayMs = reconnectDelayMs(this.#failures, this.#options.signaling?.random);
    this.#againTimer = setTimeout(() => this.#begin(), Math.max(delayMs, waitMs ?? 0));
    this.update({ problem, detail: null, retrying: true });
    this.#refresh();
  }

  async #answer(offer: Of<"offer">): Promise<void> {
    const session = this.#sessions;
    const isLate = () => this.#isOver || session !== this.#sessions;
    if (isLate()) return;
    const old = this.#pc;
    let sdp = old && (await acceptOffer(old, offer.sdp));
    if (isLate()) return;
    sdp ??= await this.#acceptAnew(offer.sdp);
    if (sdp === null || isLate()) return;
    const neg = offer.neg === undefined ? {} : { neg: offer.neg };
    this.#signaling?.send({ type: "answer", pc: "sub", ...neg, sdp });
  }

  /** A first offer, or one that the old peer connection cannot take any more. */
  async #acceptAnew(offer: string): Promise<string | null> {
    this.#dropPeer();
    const servers = this.#isDetour ? this.#iceServers : withoutDetour(this.#iceServers);
    const pc = (this.#options.makePeer ?? createPeer)(peerConfig(servers));
    if (!pc) {
      this.#stop("unsupported");
      return null;
    }
    this.#pc = pc;
    this.#experience.renewed();
    this.#expectAnew();
    this.#guests.watch(pc);
    const own = new MediaStream();
    pc.addEventListener("track", ({ streams: [stream], track }) => {
      // The host's alone; guests on stage have streams of their own. Without one we gather the tracks ourselves.
      if (stream && stream.id !== HOST_STREAM) return;
      if (!stream) own.addTrack(track);
      if (pc === this.#pc) this.update({ stream: stream ?? own });
    });
    pc.addEventListener("connectionstatechange", () => {
      if (pc !== this.#pc) return;
      // There is a path: what failed before is over.
      if (pc.connectionState === "connected") {
        this.#failures = 0;
        this.update({ problem: null, retrying: false });
      }
      this.#refresh();
    });
    this.#guard = new PeerGuard(pc, {
      isFlowing: () => this.#isFlowing(),
      restart: () => this.#restart(),
      renew: () => this.#begin(),
      detour: () => this.#detour(),
      fail: () => this.#tryAgain("ice_failed"),
    });
    const sdp = await acceptOffer(pc, offer);
    if (sdp === null && pc === this.#pc) this.#stop("sdp_bad");
    return sdp;
  }

  /** The direct paths have failed: not every browser takes other servers for a connection that it has. */
  #detour(): void {
    const hasOther = withoutDetour(this.#iceServers).length < this.#iceServers.length;
    if (this.#isDetour || !hasOther) return;
    this.#isDetour = true;
    this.#begin();
  }

  #restart(): void {
    // Without a socket nobody hears it; the next welcome sees to it.
    if (this.#signaling?.isOpen) this.#signaling.send({ type: "restart", pc: "sub" });
  }

  #sayVisible(): void {
    const visible = this.#seen || !this.#framed;
    if (visible === this.#toldSeen || !this.#signaling?.isOpen) return;
    this.#toldSeen = visible;
    this.#expectAnew();
    this.#signaling.send({ type: "layer", visible });
  }

  /** Whether the host sends something, and somebody is there to see it. */
  #isExpecting(): boolean {
    const { room } = this.getSnapshot();
    return room?.live === "live" && this.#toldSeen && (room.video === "on" || room.audio === "on");
  }

  #isFlowing(): boolean {
    return this.#isExpecting() && this.#playing && !this.#stalled;
  }

  #expectAnew(): void {
    this.#stall.reset(Date.now());
    this.#stalled = false;
  }

  async #poll(): Promise<void> {
    const pc = this.#pc;
    const report = await pc?.getStats().catch(() => null);
    if (this.#isOver || !report || pc !== this.#pc || !this.#guard?.hasConnected) return;
    this.#experience.sample(report, { watches: this.#isExpecting() && this.#playing });
    let bytes = 0;
    report.forEach((entry: { type: string; bytesReceived?: number }) => {
      if (entry.type === "inbound-rtp") bytes += entry.bytesReceived ?? 0;
    });
    this.#judge(bytes);
  }

  #judge(bytes: number): void {
    const { room } = this.getSnapshot();
    const hasGrown = bytes > this.#bytes;
    this.#bytes = bytes;
    if (room?.live !== "live") return;
    if (!this.#isExpecting()) {
      // There is nothing to wait for.
      this.#playing = true;
      this.#expectAnew();
    } else {
      if (hasGrown) this.#playing = true;
      const verdict = this.#stall.sample(Date.now(), bytes);
      this.#stalled = verdict !== "flowing";
      // The host's side is not ours to heal.
      const isHosts = room.hostTrouble && this.#pc?.connectionState === "connected";
      if (verdict === "restart" && !isHosts) this.#restart();
      if (verdict === "renew" && !isHosts) this.#begin();
    }
    this.#refresh();
  }

  #refresh(): void {
    if (this.#isOver) return;
    const { status, attempt } = this.#signaling?.getSnapshot() ?? { status: "closed", attempt: 0 };
    const { problem, room } = this.getSnapshot();
    this.update({
      attempt: status === "open" ? 0 : attempt,
      phase: viewerPhase({
        problem,
        room,
        signaling: status,
        connected: this.#pc?.connectionState === "connected",
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
    this.#framed = false;
    this.#bytes = 0;
    const pc = this.#pc;
    this.#pc = null;
    pc?.close();
    this.#guests.forget();
    this.update({ starved: false, speaker: null });
  }
}
