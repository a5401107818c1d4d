import { keepCandidates } from "../candidates";
import { createPeer, ownDetour, playableCodecs, preferCodec } from "../peer";
import type { ErrorCode, ServerMessage } from "../protocol";
import { randomHex } from "../random";
import { Signaling, type SignalingOptions } from "../signaling";
import { isOfPath, type MediaPath } from "./ways";

export interface ProbePeerOptions {
  path: MediaPath;
  room: string;
  /** What is published; null: this side watches. */
  stream: MediaStream | null;
  changed: () => void;
  hostname: string;
  makePeer?: (config: RTCConfiguration) => RTCPeerConnection | null;
  signaling?: Partial<SignalingOptions>;
}

/** Errors of the path, which the statistics tell sooner. */
const OF_PATH: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ice_timeout",
  "ice_failed",
  "dtls_failed",
]);

/** One side of a probe: publishes or watches in a room over one way alone. */
export class ProbePeer {
  readonly #options: ProbePeerOptions;
  readonly #signaling: Signaling;
  readonly #sink: HTMLVideoElement | null;
  pc: RTCPeerConnection | null = null;
  /** How many candidates of the way the server has; null before its description came. */
  offered: number | null = null;
  /** The addresses of this device for UDP, as its browser shows them. */
  readonly local: string[] = [];
  negotiated = false;
  /** The server does not let us, or this browser has no WebRTC. */
  refused: ErrorCode | "unsupported" | null = null;

  constructor(options: ProbePeerOptions) {
    this.#options = options;
    const { stream, room } = options;
    this.#sink = stream ? null : document.createElement("video");
    this.#signaling = new Signaling({
      hello: stream
        ? { role: "host", room, secret: randomHex(16), caps: { video: [] } }
        : { role: "fan", room, caps: { video: playableCodecs() } },
      onMessage: (message) => void this.#receive(message),
      ...options.signaling,
    });
  }

  get failed(): boolean {
    return this.pc?.connectionState === "failed";
  }

  close(): void {
    this.#signaling.send({ type: this.#options.stream ? "end" : "leave" });
    this.#signaling.close();
    this.pc?.close();
    if (this.#sink) this.#sink.srcObject = null;
  }

  async #receive(message: ServerMessage): Promise<void> {
    try {
      await this.#handle(message);
    } catch {
      this.refused = "sdp_bad";
    }
    this.#options.changed();
  }

  async #handle(message: ServerMessage): Promise<void> {
    switch (message.type) {
      case "welcome":
        this.#makePeer(message.iceServers);
        if (this.#options.stream) await this.#publish(this.#options.stream);
        break;
      case "offer":
        if (this.#signaling.isOpen) await this.#answer(message);
        break;
      case "answer":
        await this.#describe("answer", message.sdp);
        break;
      case "error":
        if (!OF_PATH.has(message.code)) this.refused = message.code;
        break;
    }
  }

  #makePeer(iceServers: RTCIceServer[]): void {
    this.pc?.close();
    const { path, hostname, makePeer = createPeer } = this.#options;
    const isDetour = path === "turn";
    const servers = isDetour ? ownDetour(iceServers, { hostname }) : [];
    if (isDetour && servers.length === 0) {
      this.offered = 0;
      return;
    }
    const pc = makePeer({
      iceServers: servers,
      bundlePolicy: "max-bundle",
      iceTransportPolicy: isDetour ? "relay" : "all",
    });
    this.pc = pc;
    if (!pc) {
      this.refused = "unsupported";
      return;
    }
    pc.addEventListener("icecandidate", ({ candidate }) => this.#gathered(candidate));
    pc.addEventListener("connectionstatechange", this.#options.changed);
    pc.addEventListener("track", ({ track }) => this.#show(track));
  }

  #gathered(candidate: RTCIceCandidate | null): void {
    const [, , protocol = "", , address = ""] = candidate?.candidate.split(" ") ?? [];
    if (protocol.toLowerCase() === "udp") this.local.push(address);
  }

  /** Some browsers decode only what is shown somewhere. */
  #show(track: MediaStreamTrack): void {
    const video = this.#sink;
    if (!video) return;
    video.muted = true;
    video.playsInline = true;
    video.srcObject = new MediaStream([track]);
    void video.play().catch(() => undefined);
  }

  async #publish(stream: MediaStream): Promise<void> {
    const { pc } = this;
    const [track] = stream.getVideoTracks();
    if (!pc || !track) return;
    preferCodec(pc.addTransceiver(track, { direction: "sendonly", streams: [stream] }), "VP8");
    await pc.setLocalDescription(await pc.createOffer());
    const sdp = pc.localDescription?.sdp;
    if (!sdp || pc !== this.pc) return;
    this.#signaling.send({ type: "offer", pc: "pub", neg: 1, sdp });
    this.#signaling.send({ type: "golive" });
  }

  async #answer(offer: Extract<ServerMessage, { type: "offer" }>): Promise<void> {
    const { pc } = this;
    if (!pc || !(await this.#describe("offer", offer.sdp))) return;
    await pc.setLocalDescription(await pc.createAnswer());
    const sdp = pc.localDescription?.sdp;
    if (!sdp || pc !== this.pc) return;
    const neg = offer.neg === undefined ? {} : { neg: offer.neg };
    this.#signaling.send({ type: "answer", pc: "sub", ...neg, sdp });
  }

  /** Takes the server's description without its other ways; false when nothing of it is left. */
  async #describe(type: "offer" | "answer", description: string): Promise<boolean> {
    const { pc } = this;
    const { sdp, kept } = keepCandidates(description, (it) => isOfPath(this.#options.path, it));
    this.offered = kept.length;
    if (!pc || kept.length === 0) return false;
    await pc.setRemoteDescription({ type, sdp });
    this.negotiated = true;
    return true;
  }
}
