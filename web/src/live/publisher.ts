import { Chat } from "./chat";
import { isByAddress, whenNoRelay } from "./detour";
import { MISFITS, PATH_ERRORS } from "./error-kinds";
import { HealthWatch } from "./health";
import { hostIdentity } from "./host-key";
import type { LocalMedia } from "./local-media";
import { PathWatch } from "./path-watch";
import { createPeer, peerConfig, withoutDetour } from "./peer";
import { PeerGuard } from "./peer-guard";
import type { ClientMessage, ErrorCode, RoomState, ServerMessage } from "./protocol";
import { addTracks, layerSizes, replaceTracks, tuneVideo } from "./publish-tracks";
import { IDLE, NOTHING, type PublisherProblem, type PublisherSnapshot } from "./publisher-snapshot";
import { forgetLive, noteLive } from "./resume";
import { type Request, Signaling, type SignalingOptions } from "./signaling";
import { StatsReader } from "./stats";
import { offerSound, type SoundFormat, wantSound } from "./stereo";
import { Store } from "./store";

export {
  healthOf,
  hostState,
  type PublisherProblem,
  type PublisherSnapshot,
} from "./publisher-snapshot";

export interface GoLive {
  room: string;
  name: string;
  lang: string;
}

export interface PublisherDeps {
  makePeer?: (config: RTCConfiguration) => RTCPeerConnection | null;
  signaling?: Partial<SignalingOptions>;
}

const STATS_EVERY_MS = 2_000;

/** Errors that end the attempt: the person has to do something first. */
const FATAL: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "auth_required",
  "auth_bad",
  "host_taken",
  "server_full",
  ...MISFITS,
]);

function isOfPath(problem: PublisherProblem): boolean {
  return PATH_ERRORS.has(problem as ErrorCode);
}

const TELL_EVERY_MS = 10_000;

type MediaState = Extract<ClientMessage, { type: "media_state" }>;

/** The host's side of a broadcast: from going live to the end, through lost networks. */
export class Publisher extends Store<PublisherSnapshot> {
  readonly #media: LocalMedia;
  readonly #deps: PublisherDeps;
  readonly #stopMedia: () => void;
  #signaling: Signaling | null = null;
  /** What the conversation with the room began with. */
  #greeted: GoLive | null = null;
  /** The same, with who the host said to be. */
  #greeting = "";
  /** What is said in the room; another one for another room. */
  chat: Chat;
  #chatRoom: string | null = null;
  readonly #listeners = new Set<(message: ServerMessage) => void>();
  #guard: PeerGuard | null = null;
  #paths: PathWatch | null = null;
  #statsTimer: ReturnType<typeof setInterval> | undefined;
  #reader = new StatsReader();
  #health = new HealthWatch();
  #iceServers: RTCIceServer[] = [];
  #isDetour = false;
  /** The browser takes the detour by a name only, and the page was opened by an address. */
  #needsName = false;
  #neg = 0;
  #wasConnected = false;
  /** When the server is told next how long our packets take. */
  #tellAt = 0;
  /** How the server was asked to have our sound. */
  #sound: SoundFormat = { music: false, stereo: false };
  /** What the server was told of our media. */
  #sent: MediaState | null = null;
  #tuning: Promise<void> = Promise.resolve();
  /** Whether the server has taken our media, and so listens to what we say of it. */
  #taken = false;
  pc: RTCPeerConnection | null = null;

  constructor(media: LocalMedia, deps: PublisherDeps = {}) {
    super(IDLE);
    this.#media = media;
    this.#deps = deps;
    this.#stopMedia = media.subscribe(() => this.#mediaChanged());
    this.chat = this.#makeChat();
  }

  /** Talks with a room without being live in it: who waits, what they write, what an encoder sends. */
  open(options: GoLive): void {
    const { phase } = this.getSnapshot();
    if (phase !== "idle" && phase !== "failed") return;
    if (this.#signaling && this.#isGreeted(options)) return;
    this.#disconnect();
    this.update({ ...IDLE, desk: "opening" });
    this.#greet(options);
  }

  /** Publishes what the preview shows, and lets the fans see it. */
  goLive(options: GoLive): void {
    this.#wasConnected = false;
    const { desk, standing, room, viewers, peak, rttMs } = this.getSnapshot();
    if (desk === "open" && this.#signaling?.isOpen && this.#isGreeted(options)) {
      const kept = { desk, standing, room, viewers, peak, rttMs };
      this.update({ ...IDLE, phase: "connecting", ...kept });
      this.#publish();
      return;
    }
    this.#disconnect();
    this.update({ ...IDLE, phase: "connecting", desk: "opening" });
    this.#greet(options);
  }

  /** Says something to the room; when the socket is lost, after it is back. */
  say(message: Request): void {
    this.#signaling?.send(message);
  }

  /** Hears all that the server says. */
  listen(listener: (message: ServerMessage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #isGreeted(options: GoLive): boolean {
    // Another key is another greeting.
    return this.#greeted !== null && greetingOf(options) === this.#greeting;
  }

  #makeChat(): Chat {
    const isOpen = () => this.#signaling?.isOpen ?? false;
    return new Chat({
      wire: {
        get isOpen() {
          return isOpen();
        },
        send: (message) => this.#signaling?.send(message),
      },
      clockOffsetMs: () => this.#signaling?.getSnapshot().clockOffsetMs ?? 0,
    });
  }

  #greet(options: GoLive): void {
    const { room, name, lang } = options;
    if (room !== this.#chatRoom) {
      this.#chatRoom = room;
      this.chat.close();
      this.chat = this.#makeChat();
    }
    this.#greeted = options;
    this.#greeting = greetingOf(options);
    this.#signaling = new Signaling({
      hello: {
        role: "host",
        room,
        ...hostIdentity(),
        lang,
        ...(name ? { name } : {}),
        caps: { video: [], pauses: true },
      },
      onMessage: (message) => this.#receive(message),
      ...this.#deps.signaling,
    });
    this.#signaling.subscribe(() => this.#signalingChanged());
    this.#paths = new PathWatch({ tell: (noPath) => this.update({ noPath }) });
    this.#paths.greeted();
  }

  /** Ends the broadcast for everybody. */
  end(): void {
    const { liveSinceMs } = this.getSnapshot();
    forgetLive();
    this.#signaling?.send({ type: "end" });
    this.#disconnect();
    const durationMs = liveSinceMs === null ? 0 : Date.now() - liveSinceMs;
    this.update({ phase: liveSinceMs === null ? "idle" : "ended", durationMs, connected: false });
  }

  /** Back from the end card or an error to the preview. */
  reset(): void {
    this.#disconnect();
    this.update(IDLE);
  }

  /** The host wants to be live no more; why it failed stays to be read where it can be mended. */
  giveUp(): void {
    if (this.getSnapshot().phase === "failed") this.update({ phase: "idle" });
  }

  /** Ends what another page or program sends in this room in the host's name. */
  endElsewhere(): void {
    forgetLive();
    this.#signaling?.send({ type: "end" });
  }

  /** The page shows something else. */
  close(): void {
    const { phase } = this.getSnapshot();
    if (phase === "connecting" || phase === "live") this.end();
    this.#disconnect();
    this.chat.close();
    this.#stopMedia();
  }

  /** The page is reloaded, or closed by mistake: the broadcast waits for it. */
  suspend(): void {
    const { phase } = this.getSnapshot();
    if (phase === "live") this.#note();
    else if (phase === "connecting") this.end();
  }

  /** For a page that is opened again. */
  #note(): void {
    const { liveSinceMs } = this.getSnapshot();
    if (!this.#greeted || liveSinceMs === null) return;
    const { room, name } = this.#greeted;
    const { source } = this.#media.getSnapshot();
    noteLive({ room, name, source, since: liveSinceMs, at: Date.now() });
  }

  #disconnect(): void {
    this.#paths?.close();
    this.#paths = null;
    this.#dropPeer();
    this.#signaling?.close();
    this.#signaling = null;
    this.#greeted = null;
  }

  #signalingChanged(): void {
    const status = this.#signaling?.getSnapshot();
    if (!status) return;
    const { rttMs } = status;
    this.update({ rttMs, attempt: status.status === "open" ? 0 : status.attempt });
  }

  #receive(message: ServerMessage): void {
    if (message.type === "welcome") this.update({ standing: message.self.standing });
    if (message.type === "you") this.update({ standing: message.standing });
    // What concerns the chat alone is its own.
    if (!this.chat.receive(message)) this.#act(message);
    for (const listener of [...this.#listeners]) listener(message);
  }

  #act(message: ServerMessage): void {
    switch (message.type) {
      case "welcome":
        this.#welcomed(message);
        break;
      case "state":
        this.#setRoom(message);
        break;
      case "stage_queue":
        this.update({ queue: message.people });
        break;
      case "viewers":
        this.update({ viewers: message.n, peak: Math.max(message.peak, message.n) });
        break;
      case "answer":
        void this.#answered(message);
        break;
      case "layers":
        this.#pause(message.paused);
        break;
      case "findings":
        // What is said before our media is taken is of the connection before.
        if (this.#taken || !this.pc) this.update({ findings: message.findings });
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
    this.#paths?.welcomed();
    this.#iceServers = message.iceServers;
    // A server that restarted counts its revisions from the start.
    this.update({ room: message.room, desk: "open" });
    const { phase } = this.getSnapshot();
    if (phase !== "connecting" && phase !== "live") return;
    this.#refresh();
    if (!message.resumed || !this.pc) {
      this.#publish();
    } else if (this.pc.connectionState !== "connected" || this.pc.signalingState !== "stable") {
      void this.#offer(true);
    } else {
      this.#announce();
      this.#guard?.check();
    }
  }

  #setRoom(room: RoomState): void {
    const before = this.getSnapshot().room;
    if (before && room.rev < before.rev) return;
    this.update({ room });
    // Without an interruption before it is an end that another page of this host asked for.
    const isEnded = before?.live === "live" && room.live === "ended";
    if (isEnded && this.getSnapshot().phase === "live") this.end();
    else this.#refresh();
  }

  /** Live is when the fans see us; a room may be live with the host whose place we take. */
  #refresh(): void {
    const { phase, room, connected } = this.getSnapshot();
    if (phase !== "connecting" || room?.live !== "live" || !connected) return;
    // The server's time, since a host may return to a broadcast that has run for a while.
    const offsetMs = this.#signaling?.getSnapshot().clockOffsetMs ?? 0;
    const liveSinceMs = room.since === null ? Date.now() : room.since - offsetMs;
    this.update({ phase: "live", liveSinceMs });
    this.#note();
  }

  #failed(message: Extract<ServerMessage, { type: "error" }>): void {
    const { code } = message;
    if (PATH_ERRORS.has(code)) {
      if (this.#wasConnected) this.#publish();
      else this.#noPath(code);
    } else if (FATAL.has(code) || this.getSnapshot().room === null) {
      // Before the welcome any error is a refusal.
      this.#stop(code);
    } else if (message.fatal) {
      this.update({ problem: code });
    }
  }

  #noPath(code: ErrorCode): void {
    this.#stop(this.#needsName ? "turn_needs_name" : code);
  }

  #stop(problem: PublisherProblem): void {
    const { noPath, phase } = this.getSnapshot();
    this.#disconnect();
    // The room has another host now, or this page has given up.
    if (phase === "live") forgetLive();
    // Why there was no path is what the person should know of a path that failed.
    this.update({
      // Who only looks at the room has not failed to go live.
      phase: phase === "idle" ? "idle" : "failed",
      desk: "none",
      problem,
      connected: false,
      noPath: isOfPath(problem) ? noPath : null,
    });
  }

  /** A new peer connection with what the preview shows. */
  #publish(): void {
    this.#dropPeer();
    const make = this.#deps.makePeer ?? createPeer;
    const pc = make(peerConfig(this.#servers()));
    if (!pc) {
      this.#stop("unsupported");
      return;
    }
    this.pc = pc;
    // What the one before was asked when it was closed may never be done.
    this.#tuning = Promise.resolve();
    this.#taken = false;
    addTracks(pc, this.#media.getSnapshot());
    this.#guard = new PeerGuard(pc, {
      restart: () => this.#restart(),
      renew: () => {
        if (this.#signaling?.isOpen) this.#publish();
      },
      detour: () => this.#detour(),
      fail: () => this.#noPath("ice_failed"),
    });
    if (this.#isDetour) {
      whenNoRelay(pc, () => {
        this.#needsName = isByAddress();
      });
    }
    pc.addEventListener("connectionstatechange", () => this.#peerChanged(pc));
    this.#reader = new StatsReader();
    this.#health = new HealthWatch();
    this.#statsTimer = setInterval(() => void this.#readStats(pc), STATS_EVERY_MS);
    void this.#offer(false);
  }

  /** All servers once the direct paths have failed; not every browser takes others for a connection that it has. */
  #servers(): RTCIceServer[] {
    return this.#isDetour ? this.#iceServers : withoutDetour(this.#iceServers);
  }

  #detour(): void {
    if (this.#isDetour || this.#servers().length === this.#iceServers.length) return;
    this.#isDetour = true;
    if (this.#signaling?.isOpen) this.#publish();
  }

  async #offer(iceRestart: boolean): Promise<void> {
    const pc = this.pc;
    if (!pc) return;
    this.#neg += 1;
    const neg = this.#neg;
    const { music, stereo } = this.#media.getSnapshot().settings;
    this.#sound = { music, stereo };
    try {
      await pc.setLocalDescription(await pc.createOffer({ iceRestart }));
    } catch {
      if (pc === this.pc) this.#stop("sdp_bad");
      return;
    }
    const sdp = pc.localDescription?.sdp;
    if (pc !== this.pc || neg !== this.#neg || !sdp) return;
    this.#signaling?.send({ type: "offer", pc: "pub", neg, sdp: offerSound(sdp, this.#sound) });
    this.#announce();
  }

  #announce(): void {
    this.#signaling?.send({ type: "golive" });
    if (this.#taken) this.#sendMediaState();
  }

  async #answered(message: Extract<ServerMessage, { type: "answer" }>): Promise<void> {
    const pc = this.pc;
    // An answer to an older offer would be taken for one to the newer.
    if (!pc || message.neg !== this.#neg || pc.signalingState !== "have-local-offer") return;
    try {
      const sdp = wantSound(message.sdp, this.#sound);
      await pc.setRemoteDescription({ type: "answer", sdp });
    } catch {
      if (pc === this.pc) this.#stop("sdp_bad");
      return;
    }
    this.#paths?.negotiated(pc, message.sdp);
    this.#taken = true;
    this.#sent = null;
    this.#sendMediaState();
    await this.#tune();
  }

  /** Nobody watches these layers now, and somebody may watch the others. */
  #pause(paused: string[]): void {
    // What is said before our media is taken is of the connection before: this one begins with all.
    if (!this.#taken) return;
    this.update({ paused: new Set(paused) });
    void this.#tune();
  }

  #tune(): Promise<void> {
    const { pc } = this;
    this.#tuning = this.#tuning.then(async () => {
      if (!pc || pc !== this.pc) return;
      await tuneVideo(pc, this.#media.getSnapshot(), this.getSnapshot().paused);
    });
    return this.#tuning;
  }

  #restart(): void {
    // Without a socket nobody hears the offer; the next welcome sees to it.
    if (this.#signaling?.isOpen) void this.#offer(true);
  }

  #peerChanged(pc: RTCPeerConnection): void {
    if (pc !== this.pc) return;
    const connected = pc.connectionState === "connected";
    if (connected) {
      this.#wasConnected = true;
      this.#health.connected(Date.now());
    }
    this.update({ connected, ...(connected ? { problem: null } : {}) });
    this.#refresh();
  }

  #mediaChanged(): void {
    if (!this.pc) return;
    void replaceTracks(this.pc, this.#media.getSnapshot()).then(() => this.#tune());
    if (!this.#taken) return;
    this.#sendMediaState();
    const { music, stereo } = this.#media.getSnapshot().settings;
    const isOther = music !== this.#sound.music || stereo !== this.#sound.stereo;
    // How sound is sent is agreed on anew; what was asked for meanwhile counts with its answer.
    if (isOther && this.pc.signalingState === "stable" && this.#signaling?.isOpen) {
      void this.#offer(false);
    }
  }

  #sendMediaState(): void {
    const { pc } = this;
    if (!pc) return;
    const media = this.#media.getSnapshot();
    const state: MediaState = {
      type: "media_state",
      audio: media.audible,
      video: media.videoTrack !== null && media.videoOn,
      layers: layerSizes(pc, media),
    };
    if (JSON.stringify(state) === JSON.stringify(this.#sent)) return;
    this.#sent = state;
    this.#signaling?.send(state);
  }

  async #readStats(pc: RTCPeerConnection): Promise<void> {
    const report = await pc.getStats().catch(() => null);
    if (!report || pc !== this.pc) return;
    const stats = this.#reader.send(report, this.getSnapshot().paused);
    // A camera tells its size only once it runs, and another when the phone is turned.
    if (this.#taken) this.#sendMediaState();
    const media = this.#media.getSnapshot();
    const { connected, phase, attempt, paused } = this.getSnapshot();
    const isReached = connected && attempt === 0;
    const health = this.#health.read(stats, media, isReached, Date.now(), paused);
    this.update({ stats, health });
    if (phase === "live") this.#note();
    this.#tellRoundTrip(stats.rttMs);
  }

  /** The server cannot see how long our packets take; fans' pages add it to their latency. */
  #tellRoundTrip(rttMs: number | null): void {
    if (rttMs === null || Date.now() < this.#tellAt) return;
    this.#tellAt = Date.now() + TELL_EVERY_MS;
    this.#signaling?.send({ type: "stats", rttMs: Math.round(rttMs) });
  }

  #dropPeer(): void {
    clearInterval(this.#statsTimer);
    this.#guard?.close();
    this.#guard = null;
    const pc = this.pc;
    this.pc = null;
    pc?.close();
    // Only what flows can be missed: a new connection sends all its layers.
    this.#tellAt = 0;
    this.update({ connected: false, paused: NOTHING, findings: [] });
  }
}

/** All that `hello` says of the host. */
function greetingOf(options: GoLive): string {
  return JSON.stringify([options, hostIdentity()]);
}
