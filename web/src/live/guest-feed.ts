import { acceptOffer } from "./accept-offer";
import { GuestStreams } from "./guest-streams";
import { createPeer, peerConfig } from "./peer";
import type { ServerMessage } from "./protocol";
import type { Request } from "./signaling";

export interface FeedWire {
  send: (message: Request) => void;
  listen: (hear: (message: ServerMessage) => void) => () => void;
}

/** The guests' media for a host's page: a connection of its own, which the server offers once there is a guest. */
export class GuestFeed {
  readonly guests = new GuestStreams();
  readonly #wire: FeedWire;
  readonly #stop: () => void;
  #pc: RTCPeerConnection | null = null;
  #iceServers: RTCIceServer[] = [];
  /** One offer after the other. */
  #offers: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(wire: FeedWire) {
    this.#wire = wire;
    this.#stop = wire.listen((message) => this.#hear(message));
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#drop();
  }

  #hear(message: ServerMessage): void {
    if (message.type === "welcome") {
      this.#iceServers = message.iceServers;
      if (!message.resumed) this.#drop();
    } else if (message.type === "offer" && message.pc === "sub") {
      const { sdp, neg } = message;
      this.#offers = this.#offers.then(() => this.#answer(sdp, neg));
    }
  }

  async #answer(offer: string, neg: number | undefined): Promise<void> {
    if (this.#closed) return;
    // The first of a connection has the number 1.
    const known = neg === 1 ? null : this.#pc;
    const pc = known ?? this.#make();
    const sdp = pc && (await acceptOffer(pc, offer));
    if (!sdp || pc !== this.#pc) return;
    this.#wire.send({ type: "answer", pc: "sub", ...(neg === undefined ? {} : { neg }), sdp });
  }

  #make(): RTCPeerConnection | null {
    this.#drop();
    const pc = createPeer(peerConfig(this.#iceServers));
    if (pc === null) return null;
    this.#pc = pc;
    this.guests.watch(pc);
    pc.addEventListener("connectionstatechange", () => {
      if (pc === this.#pc && pc.connectionState === "failed") {
        this.#wire.send({ type: "restart", pc: "sub" });
      }
    });
    return pc;
  }

  #drop(): void {
    const pc = this.#pc;
    this.#pc = null;
    this.guests.forget();
    pc?.close();
  }
}
