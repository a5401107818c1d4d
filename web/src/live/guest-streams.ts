import { Store } from "./store";

/** The stream of the host's tracks, by docs/protocol.md, section 7.3. */
export const HOST_STREAM = "kaibo";
/** That of its second picture, such as a screen beside the camera. */
export const SECOND_STREAM = "kaibo-2";

export interface GuestStreamsSnapshot {
  /** By the name that `stage.guests[].stream` says. */
  streams: ReadonlyMap<string, MediaStream>;
}

export const NO_STREAMS: GuestStreamsSnapshot = { streams: new Map() };

/** The media of guests on a connection that watches. */
export class GuestStreams extends Store<GuestStreamsSnapshot> {
  #pc: RTCPeerConnection | null = null;

  constructor() {
    super(NO_STREAMS);
  }

  /** Takes the guests' tracks of this connection; those of the one before are gone. */
  watch(pc: RTCPeerConnection): void {
    this.#pc = pc;
    this.update(NO_STREAMS);
    pc.addEventListener("track", ({ streams: [stream] }) => {
      if (!stream || stream.id === HOST_STREAM) return;
      this.#put(pc, stream);
      stream.addEventListener("removetrack", () => this.#put(pc, stream));
    });
  }

  forget(): void {
    this.#pc = null;
    this.update(NO_STREAMS);
  }

  #put(pc: RTCPeerConnection, stream: MediaStream): void {
    if (pc !== this.#pc) return;
    const streams = new Map(this.getSnapshot().streams);
    // A guest who left has no track any more.
    if (stream.getTracks().length === 0) streams.delete(stream.id);
    else streams.set(stream.id, stream);
    this.update({ streams });
  }
}
