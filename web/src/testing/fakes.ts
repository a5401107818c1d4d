import type { Kept, ServerMessage } from "../live/protocol";
import type { SocketLike } from "../live/signaling";

/** A socket whose far side is the test. */
export class FakeSocket implements SocketLike {
  static made: FakeSocket[] = [];
  readyState = 0;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;
  closedWith: number | undefined;

  constructor() {
    FakeSocket.made.push(this);
  }

  static get last(): FakeSocket {
    const socket = FakeSocket.made.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  send(text: string): void {
    if (this.readyState !== 1) throw new DOMException("still connecting", "InvalidStateError");
    this.sent.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.closed = true;
    this.closedWith = code;
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.call(this as unknown as WebSocket, new Event("open"));
  }

  says(message: ServerMessage | string): void {
    const data = typeof message === "string" ? message : JSON.stringify(message);
    this.onmessage?.call(this as unknown as WebSocket, new MessageEvent("message", { data }));
  }

  drops(code = 1006): void {
    this.readyState = 3;
    this.onclose?.call(this as unknown as WebSocket, new CloseEvent("close", { code }));
  }

  /** What was sent, without the pings. */
  types(): unknown[] {
    return this.sent.map(({ type }) => type).filter((type) => type !== "ping");
  }

  of(type: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message.type === type);
  }
}

export function welcome(
  more: Partial<Extract<ServerMessage, { type: "welcome" }>> = {},
): ServerMessage {
  return {
    type: "welcome",
    v: 1,
    self: { id: "s1", role: "fan", uid: "p1", standing: "fan" },
    room: roomState(),
    resume: "token-1",
    resumed: false,
    iceServers: [],
    now: Date.now(),
    limits: { sdpBytes: 49152, messagesPerSecond: 30 },
    ...more,
  };
}

type Room = Extract<ServerMessage, { type: "welcome" }>["room"];

export function roomState(more: Partial<Room> = {}): Room {
  return {
    room: "demo",
    rev: 1,
    live: "offline",
    since: null,
    host: null,
    codec: null,
    layers: [],
    sizes: [],
    video: "on",
    audio: "on",
    hostTrouble: false,
    uplinkMs: null,
    title: null,
    notice: null,
    cover: null,
    chat: { on: true, slowS: 0, invitedOnly: false, history: true },
    pinned: null,
    stage: { open: false, layout: "auto", guests: [] },
    kept: keptOf(),
    ...more,
  };
}

/** What is kept of a broadcast: nothing, unless the test says so. */
export function keptOf(more: Partial<Kept> = {}): Kept {
  return {
    recording: false,
    byHost: false,
    pastS: 0,
    clips: false,
    codec: null,
    pass: null,
    ...more,
  };
}

export function state(more: Partial<Room>): ServerMessage {
  return { type: "state", ...roomState(more) };
}

class FakeSender {
  track: MediaStreamTrack | null;
  parameters: { encodings: RTCRtpEncodingParameters[]; degradationPreference?: string } = {
    encodings: [{}],
  };

  constructor(track: MediaStreamTrack | null) {
    this.track = track;
  }

  async replaceTrack(track: MediaStreamTrack | null): Promise<void> {
    this.track = track;
  }

  getParameters() {
    return this.parameters;
  }

  async setParameters(parameters: FakeSender["parameters"]): Promise<void> {
    this.parameters = parameters;
  }
}

/** A peer connection that negotiates words and connects when the test says so. */
export class FakePeer extends EventTarget {
  static made: FakePeer[] = [];
  connectionState: RTCPeerConnectionState = "new";
  signalingState: RTCSignalingState = "stable";
  localDescription: { type: string; sdp: string } | null = null;
  remoteDescription: { type: string; sdp: string } | null = null;
  readonly transceivers: { sender: FakeSender; direction: string }[] = [];
  readonly offers: RTCOfferOptions[] = [];
  framesDecoded = 0;
  bytesReceived = 0;
  /** Of everything that came over its path, feedback too. */
  pathBytes = 0;
  closed = false;

  constructor() {
    super();
    FakePeer.made.push(this);
  }

  static get last(): FakePeer {
    const peer = FakePeer.made.at(-1);
    if (!peer) throw new Error("no peer connection was made");
    return peer;
  }

  addTransceiver(what: MediaStreamTrack | string, init: RTCRtpTransceiverInit) {
    const sender = new FakeSender(typeof what === "string" ? null : what);
    sender.parameters.encodings = init.sendEncodings ?? [{}];
    const transceiver = { sender, direction: init.direction ?? "sendrecv" };
    this.transceivers.push(transceiver);
    return transceiver;
  }

  getTransceivers() {
    return this.transceivers;
  }

  async createOffer(options: RTCOfferOptions) {
    this.offers.push(options);
    return { type: "offer", sdp: `offer ${this.offers.length}` };
  }

  async createAnswer() {
    return { type: "answer", sdp: `answer to ${this.remoteDescription?.sdp}` };
  }

  async setLocalDescription(description: { type: string; sdp: string }): Promise<void> {
    this.localDescription = description;
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
  }

  async setRemoteDescription(description: { type: string; sdp: string }): Promise<void> {
    if (this.closed) throw new DOMException("closed", "InvalidStateError");
    this.remoteDescription = description;
    this.signalingState = description.type === "answer" ? "stable" : "have-remote-offer";
  }

  async getStats() {
    const entry = {
      id: "in",
      type: "inbound-rtp",
      kind: "video",
      timestamp: Date.now(),
      framesDecoded: this.framesDecoded,
      bytesReceived: this.bytesReceived,
    };
    const path = { id: "path", type: "candidate-pair", bytesReceived: this.pathBytes };
    return new Map<string, unknown>([
      ["in", entry],
      ["path", path],
    ]) as unknown as RTCStatsReport;
  }

  becomes(connectionState: RTCPeerConnectionState): void {
    this.connectionState = connectionState;
    this.dispatchEvent(new Event("connectionstatechange"));
  }

  close(): void {
    this.closed = true;
    this.connectionState = "closed";
  }
}

export function makeFakePeer(): RTCPeerConnection {
  return new FakePeer() as unknown as RTCPeerConnection;
}

/** Forgets what earlier tests made. */
export function resetFakes(): void {
  FakeSocket.made = [];
  FakePeer.made = [];
}

/** Options that put the fakes in the place of the network. */
export const fakeSignaling = {
  url: "ws://test/ws",
  openSocket: () => new FakeSocket(),
  random: () => 0,
};
