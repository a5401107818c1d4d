import { type Health, HealthWatch } from "./health";
import type { LocalMedia } from "./local-media";
import { PeerGuard } from "./peer-guard";
import type { ClientMessage } from "./protocol";
import { addTracks, layerSizes, replaceTracks, tuneVideo } from "./publish-tracks";
import type { Request } from "./signaling";
import { type SendStats, StatsReader } from "./stats";
import { offerSound, type SoundFormat, wantSound } from "./stereo";

/** What a connection asks of its publisher, and tells it. */
export interface SendLinkDeps {
  media: LocalMedia;
  /** The video codec that the server wishes for, if any. */
  codec: string | null;
  /** Whether the server hears what is said. */
  isOpen: () => boolean;
  send: (request: Request) => void;
  /** Numbers negotiations, over all connections. */
  nextNeg: () => number;
  /** The layers (`rid`) that nobody watches. */
  paused: () => ReadonlySet<string>;
  /** Whether media and words both reach the server. */
  isReached: () => boolean;
  connected: (isConnected: boolean) => void;
  /** The server's answer is taken. */
  negotiated: (answer: string) => void;
  measured: (stats: SendStats, health: Health) => void;
  /** The browser takes a description no further. */
  misfit: () => void;
  /** Another connection is needed. */
  renew: () => void;
  detour: () => void;
  fail: () => void;
}

const STATS_EVERY_MS = 2_000;
const TELL_EVERY_MS = 10_000;

type MediaState = Extract<ClientMessage, { type: "media_state" }>;

/** One connection that sends what the preview shows, from its first offer until it is closed. */
export class SendLink {
  readonly pc: RTCPeerConnection;
  readonly #deps: SendLinkDeps;
  readonly #guard: PeerGuard;
  readonly #statsTimer: ReturnType<typeof setInterval>;
  readonly #reader = new StatsReader();
  readonly #health = new HealthWatch();
  /** The negotiation that an answer must be to. */
  #neg = 0;
  /** When the server is told next how long our packets take. */
  #tellAt = 0;
  /** How the server was asked to have our sound. */
  #sound: SoundFormat = { music: false, stereo: false };
  /** What the server was told of our media. */
  #sent: MediaState | null = null;
  #tuning: Promise<void> = Promise.resolve();
  #taken = false;
  #closed = false;

  constructor(pc: RTCPeerConnection, deps: SendLinkDeps) {
    this.pc = pc;
    this.#deps = deps;
    addTracks(pc, deps.media.getSnapshot(), deps.codec);
    this.#guard = new PeerGuard(pc, {
      restart: () => {
        // Without a socket nobody hears the offer; the next welcome sees to it.
        if (deps.isOpen()) void this.offer(true);
      },
      renew: deps.renew,
      detour: deps.detour,
      fail: deps.fail,
    });
    pc.addEventListener("connectionstatechange", () => this.#peerChanged());
    this.#statsTimer = setInterval(() => void this.#readStats(), STATS_EVERY_MS);
    void this.offer(false);
  }

  /** Whether the server has taken our media, and so listens to what we say of it. */
  get isTaken(): boolean {
    return this.#taken;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#statsTimer);
    this.#guard.close();
    this.pc.close();
  }

  async offer(iceRestart: boolean): Promise<void> {
    const { pc } = this;
    if (this.#closed) return;
    const neg = this.#deps.nextNeg();
    this.#neg = neg;
    const { music, stereo } = this.#deps.media.getSnapshot().settings;
    this.#sound = { music, stereo };
    try {
      await pc.setLocalDescription(await pc.createOffer({ iceRestart }));
    } catch {
      if (!this.#closed) this.#deps.misfit();
      return;
    }
    const sdp = pc.localDescription?.sdp;
    if (this.#closed || neg !== this.#neg || !sdp) return;
    this.#deps.send({ type: "offer", pc: "pub", neg, sdp: offerSound(sdp, this.#sound) });
    this.announce();
  }

  /** Says that the host is live, to a server that may have forgotten it. */
  announce(): void {
    this.#deps.send({ type: "golive" });
    if (this.#taken) this.#sendMediaState();
  }

  async answered({ neg, sdp: answer }: { neg?: number; sdp: string }): Promise<void> {
    const { pc } = this;
    // An answer to an older offer would be taken for one to the newer.
    if (neg !== this.#neg || pc.signalingState !== "have-local-offer") return;
    try {
      await pc.setRemoteDescription({ type: "answer", sdp: wantSound(answer, this.#sound) });
    } catch {
      if (!this.#closed) this.#deps.misfit();
      return;
    }
    this.#deps.negotiated(answer);
    this.#taken = true;
    this.#sent = null;
    this.#sendMediaState();
    await this.tune();
  }

  /** The socket is back: is the connection? */
  resume(): void {
    if (this.pc.connectionState !== "connected" || this.pc.signalingState !== "stable") {
      void this.offer(true);
      return;
    }
    this.announce();
    this.#guard.check();
  }

  /** One call after the other. */
  tune(): Promise<void> {
    this.#tuning = this.#tuning.then(async () => {
      if (this.#closed) return;
      await tuneVideo(this.pc, this.#deps.media.getSnapshot(), this.#deps.paused());
    });
    return this.#tuning;
  }

  mediaChanged(): void {
    const { pc } = this;
    const { media, isOpen } = this.#deps;
    void replaceTracks(pc, media.getSnapshot()).then(() => this.tune());
    if (!this.#taken) return;
    this.#sendMediaState();
    const { music, stereo } = media.getSnapshot().settings;
    const isOther = music !== this.#sound.music || stereo !== this.#sound.stereo;
    // How sound is sent is agreed on anew; what was asked for meanwhile counts with its answer.
    if (isOther && pc.signalingState === "stable" && isOpen()) void this.offer(false);
  }

  #peerChanged(): void {
    if (this.#closed) return;
    const isConnected = this.pc.connectionState === "connected";
    if (isConnected) this.#health.connected(Date.now());
    this.#deps.connected(isConnected);
  }

  #sendMediaState(): void {
    const media = this.#deps.media.getSnapshot();
    const state: MediaState = {
      type: "media_state",
      audio: media.audible,
      video: media.videoTrack !== null && media.videoOn,
      layers: layerSizes(this.pc, media),
    };
    if (JSON.stringify(state) === JSON.stringify(this.#sent)) return;
    this.#sent = state;
    this.#deps.send(state);
  }

  async #readStats(): Promise<void> {
    const report = await this.pc.getStats().catch(() => null);
    if (!report || this.#closed) return;
    const paused = this.#deps.paused();
    const stats = this.#reader.send(report, paused);
    // A camera tells its size only once it runs, and another when the phone is turned.
    if (this.#taken) this.#sendMediaState();
    const media = this.#deps.media.getSnapshot();
    const isReached = this.#deps.isReached();
    const health = this.#health.read(stats, media, isReached, Date.now(), paused);
    this.#deps.measured(stats, health);
    this.#tellRoundTrip(stats.rttMs);
  }

  /** The server cannot see how long our packets take; fans' pages add it to their latency. */
  #tellRoundTrip(rttMs: number | null): void {
    if (rttMs === null || Date.now() < this.#tellAt) return;
    this.#tellAt = Date.now() + TELL_EVERY_MS;
    this.#deps.send({ type: "stats", rttMs: Math.round(rttMs) });
  }
}
