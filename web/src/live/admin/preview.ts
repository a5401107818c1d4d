import { withBase } from "../base-path";
import type { Api } from "./api";
import type { Watch } from "./types";

/** A picture of this height is enough beside others, in pixels. */
const HEIGHT = 360;
/** The life of the token by which the operator comes in, in seconds: the shortest there is. */
const TOKEN_S = 60;

/** Whether a room lets everybody in who has its address. */
export function isOpen(watch: Watch): boolean {
  return watch === "everybody" || watch === "unlisted";
}

/** A token with which the operator watches a room, whoever else may; null where none is needed. */
export async function tokenFor(api: Api, room: string, watch: Watch): Promise<string | null> {
  if (isOpen(watch)) return null;
  const made = await api.post<{ token: string }>("/tokens", {
    room,
    subscribe: true,
    ttlS: TOKEN_S,
  });
  return made.token;
}

/** The live picture of a room, without its sound, by WHEP. */
export class Preview {
  readonly #peer = new RTCPeerConnection();
  #session: string | null = null;
  /** A session is asked for the token that it was opened with. */
  #token: string | null = null;
  #isStopped = false;

  /** Begins; the stream is empty until media comes. Throws when the room lets nobody in, or nobody is live. */
  async start(room: string, token: string | null): Promise<MediaStream> {
    const stream = new MediaStream();
    this.#peer.ontrack = ({ track }) => stream.addTrack(track);
    this.#peer.addTransceiver("video", { direction: "recvonly" });
    await this.#peer.setLocalDescription();
    this.#token = token;
    const headers = this.#headers("application/sdp");
    const url = withBase(`/whep/${encodeURIComponent(room)}`);
    const body = this.#peer.localDescription?.sdp ?? "";
    const response = await fetch(url, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`whep: ${response.status}`);
    const location = response.headers.get("location");
    this.#session = location === null ? null : new URL(location, response.url).href;
    // Who stopped meanwhile could not know the session yet.
    if (this.#isStopped) return this.#leave(stream);
    await this.#peer.setRemoteDescription({ type: "answer", sdp: await response.text() });
    this.#preferSmall();
    return stream;
  }

  stop(): void {
    this.#isStopped = true;
    this.#peer.close();
    this.#leave(null);
  }

  #leave<T>(value: T): T {
    const session = this.#session;
    this.#session = null;
    if (session !== null) {
      const headers = this.#headers();
      void fetch(session, { method: "DELETE", headers, keepalive: true }).catch(none);
    }
    return value;
  }

  #headers(type?: string): Headers {
    const headers = new Headers();
    if (type !== undefined) headers.set("content-type", type);
    if (this.#token !== null) headers.set("authorization", `Bearer ${this.#token}`);
    return headers;
  }

  /** A broadcast of one layer has no smaller one. */
  #preferSmall(): void {
    if (this.#session === null) return;
    const headers = this.#headers("application/json");
    const body = JSON.stringify({ mediaId: "0", maxHeight: HEIGHT });
    void fetch(`${this.#session}/layer`, { method: "POST", headers, body }).catch(none);
  }
}

function none(): void {
  // A session that is gone needs neither a layer nor an end.
}
