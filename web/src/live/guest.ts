import type { LocalMedia } from "./local-media";
import { createPeer, peerConfig } from "./peer";
import type { ServerMessage } from "./protocol";
import { addTracks, layerSizes, replaceTracks, tuneVideo } from "./publish-tracks";
import type { Request } from "./signaling";
import { Store } from "./store";

/** What a guest needs of the conversation that its page has as a fan. */
export interface GuestWire {
  send: (message: Request) => void;
  iceServers: () => RTCIceServer[];
  /** Hears all that the server says. */
  listen: (hear: (message: ServerMessage) => void) => () => void;
}

export interface GuestSnapshot {
  /** Whether the guest's media goes to the server. */
  connected: boolean;
  /** The browser cannot send. */
  unsupported: boolean;
}

/** A connection that is lost is made anew after so long. */
const AGAIN_MS = 1_000;
const NO_LAYER_PAUSED: ReadonlySet<string> = new Set();

/** Sends a guest's camera and microphone while it is on stage (连麦), through lost networks. */
export class GuestPublisher extends Store<GuestSnapshot> {
  readonly #wire: GuestWire;
  readonly #media: LocalMedia;
  readonly #stops: (() => void)[];
  #pc: RTCPeerConnection | null = null;
  #neg = 0;
  #taken = false;
  #said = "";
  #again: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(wire: GuestWire, media: LocalMedia) {
    super({ connected: false, unsupported: false });
    this.#wire = wire;
    this.#media = media;
    this.#stops = [
      wire.listen((message) => this.#hear(message)),
      media.subscribe(() => this.#mediaChanged()),
    ];
    void this.#publish();
  }

  /** The guest leaves the stage, or its page goes. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    for (const stop of this.#stops) stop();
    this.#drop();
  }

  async #publish(): Promise<void> {
    this.#drop();
    const pc = createPeer(peerConfig(this.#wire.iceServers()));
    if (pc === null) {
      this.update({ unsupported: true });
      return;
    }
    this.#pc = pc;
    pc.addEventListener("connectionstatechange", () => this.#stateChanged(pc));
    addTracks(pc, this.#media.getSnapshot(), null);
    const offer = await pc.createOffer();
    await pc.setLocalDescription(offer);
    if (pc !== this.#pc || offer.sdp === undefined) return;
    this.#neg += 1;
    this.#wire.send({ type: "offer", pc: "pub", neg: this.#neg, sdp: offer.sdp });
  }

  #hear(message: ServerMessage): void {
    switch (message.type) {
      case "answer":
        if (message.pc === "pub" && message.neg === this.#neg) void this.#answered(message.sdp);
        break;
      case "stage":
        // The page came back with another session, or was let on again.
        if (message.step === "accepted") void this.#publish();
        break;
      case "welcome":
        if (message.resumed && !this.getSnapshot().connected) void this.#publish();
        break;
      case "error":
        if (message.code === "ice_timeout" || message.code === "ice_failed") this.#later();
        break;
    }
  }

  async #answered(sdp: string): Promise<void> {
    const pc = this.#pc;
    try {
      await pc?.setRemoteDescription({ type: "answer", sdp });
    } catch {
      this.#later();
      return;
    }
    if (pc === null || pc !== this.#pc) return;
    this.#taken = true;
    this.#sayMedia();
    await tuneVideo(pc, this.#media.getSnapshot(), NO_LAYER_PAUSED);
  }

  #stateChanged(pc: RTCPeerConnection): void {
    if (pc !== this.#pc) return;
    this.update({ connected: pc.connectionState === "connected" });
    if (pc.connectionState === "failed") this.#later();
  }

  #later(): void {
    clearTimeout(this.#again);
    if (this.#closed) return;
    this.#again = setTimeout(() => void this.#publish(), AGAIN_MS);
  }

  #mediaChanged(): void {
    if (this.#pc) void replaceTracks(this.#pc, this.#media.getSnapshot());
    this.#sayMedia();
  }

  #sayMedia(): void {
    const pc = this.#pc;
    if (!pc || !this.#taken) return;
    const media = this.#media.getSnapshot();
    const audio = media.audioTrack !== null && media.audioOn;
    const video = media.videoTrack !== null && media.videoOn;
    const said = { type: "media_state", audio, video, layers: layerSizes(pc, media) } as const;
    if (JSON.stringify(said) === this.#said) return;
    this.#said = JSON.stringify(said);
    this.#wire.send(said);
  }

  #drop(): void {
    const pc = this.#pc;
    this.#pc = null;
    this.#taken = false;
    this.#said = "";
    this.update({ connected: false });
    pc?.close();
  }
}
