import { Chat } from "./chat";
import { isByAddress, whenNoRelay } from "./detour";
import { MISFITS, PATH_ERRORS } from "./error-kinds";
import { hostIdentity } from "./host-key";
import type { LocalMedia } from "./local-media";
import { PathWatch } from "./path-watch";
import { createPeer, peerConfig, withoutDetour } from "./peer";
import type { ErrorCode, RoomState, ServerMessage } from "./protocol";
import { IDLE, NOTHING, type PublisherProblem, type PublisherSnapshot } from "./publisher-snapshot";
import { forgetLive, noteLive } from "./resume";
import { SendLink } from "./send-link";
import { type Request, Signaling, type SignalingOptions } from "./signaling";
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

/** A recording could not begin, which `RecordSwitch` tells. Other refusals of a full server say when to try again. */
function isOfRecording({ code, fatal, retryMs }: Extract<ServerMessage, { type: "error" }>) {
  return code === "server_full" && !fatal && retryMs === undefined;
}

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
  #link: SendLink | null = null;
  #paths: PathWatch | null = null;
  #iceServers: RTCIceServer[] = [];
  #isDetour = false;
  /** The browser takes the detour by a name only, and the page was opened by an address. */
  #needsName = false;
  #neg = 0;
  #wasConnected = false;

  constructor(media: LocalMedia, deps: PublisherDeps = {}) {
    super(IDLE);
    this.#media = media;
    this.#deps = deps;
    this.#stopMedia = media.subscribe(() => this.#link?.mediaChanged());
    this.chat = this.#makeChat();
  }

  /** The connection that sends, while there is one. */
  get pc(): RTCPeerConnection | null {
    return this.#link?.pc ?? null;
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
    const { desk, standing, room, onAirSinceMs, viewers, peak, rttMs } = this.getSnapshot();
    if (desk === "open" && this.#signaling?.isOpen && this.#isGreeted(options)) {
      const kept = { desk, standing, room, onAirSinceMs, viewers, peak, rttMs };
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
    // The server's clock may be known better now.
    const { room } = this.getSnapshot();
    if (room) this.update(this.#roomIs(room));
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
        void this.#link?.answered(message);
        break;
      case "layers":
        this.#pause(message.paused);
        break;
      case "findings":
        // What is said before our media is taken is of the connection before.
        if (this.#link?.isTaken !== false) this.update({ findings: message.findings });
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
    this.update({ ...this.#roomIs(message.room), desk: "open" });
    const { phase } = this.getSnapshot();
    if (phase !== "connecting" && phase !== "live") return;
    this.#refresh();
    if (message.resumed && this.#link) this.#link.resume();
    else this.#publish();
  }

  #setRoom(room: RoomState): void {
    const before = this.getSnapshot().room;
    if (before && room.rev < before.rev) return;
    this.update(this.#roomIs(room));
    // Without an interruption before it is an end that another page of this host asked for.
    const isEnded = before?.live === "live" && room.live === "ended";
    if (isEnded && this.getSnapshot().phase === "live") this.end();
    else this.#refresh();
  }

  #roomIs(room: RoomState): Pick<PublisherSnapshot, "room" | "onAirSinceMs"> {
    const offsetMs = this.#signaling?.getSnapshot().clockOffsetMs ?? 0;
    return { room, onAirSinceMs: room.since === null ? null : room.since - offsetMs };
  }

  /** Live is when the fans see us; a room may be live with the host whose place we take. */
  #refresh(): void {
    const { phase, room, connected } = this.getSnapshot();
    if (phase !== "connecting" || room?.live !== "live" || !connected) return;
    // A host may return to a broadcast that has run for a while.
    const { onAirSinceMs } = this.#roomIs(room);
    this.update({ phase: "live", liveSinceMs: onAirSinceMs ?? Date.now() });
    this.#note();
  }

  #failed(message: Extract<ServerMessage, { type: "error" }>): void {
    const { code } = message;
    if (isOfRecording(message)) return;
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
    this.#link = new SendLink(pc, {
      media: this.#media,
      codec: this.getSnapshot().room?.kept.codec ?? null,
      isOpen: () => this.#signaling?.isOpen ?? false,
      send: (request) => this.#signaling?.send(request),
      nextNeg: () => {
        this.#neg += 1;
        return this.#neg;
      },
      paused: () => this.getSnapshot().paused,
      isReached: () => {
        const { connected, attempt } = this.getSnapshot();
        return connected && attempt === 0;
      },
      connected: (isConnected) => this.#connected(isConnected),
      negotiated: (answer) => this.#paths?.negotiated(pc, answer),
      measured: (stats, health) => {
        this.update({ stats, health });
        if (this.getSnapshot().phase === "live") this.#note();
      },
      misfit: () => this.#stop("sdp_bad"),
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

  /** Nobody watches these layers now, and somebody may watch the others. */
  #pause(paused: string[]): void {
    // What is said before our media is taken is of the connection before: this one begins with all.
    if (!this.#link?.isTaken) return;
    this.update({ paused: new Set(paused) });
    void this.#link.tune();
  }

  #connected(isConnected: boolean): void {
    if (isConnected) this.#wasConnected = true;
    this.update({ connected: isConnected, ...(isConnected ? { problem: null } : {}) });
    this.#refresh();
  }

  #dropPeer(): void {
    this.#link?.close();
    this.#link = null;
    // Only what flows can be missed: a new connection sends all its layers.
    this.update({ connected: false, paused: NOTHING, findings: [] });
  }
}

/** All that `hello` says of the host. */
function greetingOf(options: GoLive): string {
  return JSON.stringify([options, hostIdentity()]);
}
