/** `disconnected` often heals by itself within a few seconds. */
const GRACE_MS = 3_000;
/** How often it is asked whether media still comes over a path that the browser doubts. */
const DOUBT_MS = 1_000;
/** An ICE restart that has not connected by now leads nowhere. */
const RESTART_MS = 10_000;

/** In which something comes over a path that is there: the other side sends at least feedback, many times a second. */
const PROOF_MS = 500;

/** A first connection that takes longer than this probably finds no direct path. */
const DETOUR_MS = 2_000;

export interface PeerActions {
  /**
   * Whether media comes in. On a link that loses some packets Firefox says `disconnected` now and then,
   * though nothing is wrong with the path; when it is, `failed` or a stall tells.
   */
  isFlowing?: () => boolean;
  /** The path is lost: look for another. */
  restart: () => void;
  /** No other path was found: begin with a new peer connection. */
  renew: () => void;
  /** There is no direct path: try the detour through the server's own TURN as well. */
  detour: () => void;
  /** There never was a path, so a new try finds none either. */
  fail: () => void;
}

/** Watches one peer connection and says what to do about its losses. */
export class PeerGuard {
  readonly #pc: RTCPeerConnection;
  readonly #actions: PeerActions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #detourTimer: ReturnType<typeof setTimeout> | undefined;
  #proofTimer: ReturnType<typeof setTimeout> | undefined;
  #hasConnected = false;

  constructor(pc: RTCPeerConnection, actions: PeerActions) {
    this.#pc = pc;
    this.#actions = actions;
    pc.addEventListener("connectionstatechange", this.#changed);
  }

  get hasConnected(): boolean {
    return this.#hasConnected;
  }

  close(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#detourTimer);
    clearTimeout(this.#proofTimer);
    this.#pc.removeEventListener("connectionstatechange", this.#changed);
  }

  /**
   * The page may be in another network, since its socket was lost, and the browser notices seconds later that the path
   * is: leaves it when nothing comes any more.
   */
  check(): void {
    if (this.#pc.connectionState === "connected") void this.#prove();
  }

  async #prove(): Promise<void> {
    const before = await received(this.#pc);
    clearTimeout(this.#proofTimer);
    this.#proofTimer = setTimeout(async () => {
      const isDead = before > 0 && (await received(this.#pc)) === before;
      // A browser that has noticed by now is dealt with already.
      if (isDead && this.#pc.connectionState === "connected") this.#actions.restart();
    }, PROOF_MS);
  }

  readonly #changed = (): void => {
    clearTimeout(this.#timer);
    switch (this.#pc.connectionState) {
      case "connected":
        this.#hasConnected = true;
        clearTimeout(this.#detourTimer);
        break;
      case "disconnected":
        this.#timer = setTimeout(() => this.#doubt(), GRACE_MS);
        break;
      case "failed":
        if (this.#hasConnected) this.#restart();
        else this.#actions.fail();
        break;
      case "connecting":
        // The first time the server tells when it has waited long enough.
        if (this.#hasConnected) this.#await();
        else this.#detourTimer ??= setTimeout(() => this.#offerDetour(), DETOUR_MS);
        break;
    }
  };

  #offerDetour(): void {
    // With a path it is only the handshake that takes long.
    const hasPath = ["connected", "completed"].includes(this.#pc.iceConnectionState);
    if (!hasPath) this.#actions.detour();
  }

  #doubt(): void {
    if (this.#actions.isFlowing?.()) this.#timer = setTimeout(() => this.#doubt(), DOUBT_MS);
    else this.#restart();
  }

  #restart(): void {
    this.#await();
    this.#actions.restart();
  }

  #await(): void {
    this.#timer = setTimeout(() => this.#actions.renew(), RESTART_MS);
  }
}

/** Bytes that came over all paths; 0 in a browser that does not tell. */
async function received(pc: RTCPeerConnection): Promise<number> {
  let bytes = 0;
  const report = await pc.getStats();
  report.forEach((entry: { type: string; bytesReceived?: number }) => {
    if (entry.type === "candidate-pair") bytes += entry.bytesReceived ?? 0;
  });
  return bytes;
}
