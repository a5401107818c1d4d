/** `disconnected` often heals by itself within a few seconds. */
const GRACE_MS = 3_000;
/** An ICE restart that has not connected by now leads nowhere. */
const RESTART_MS = 10_000;

export interface PeerActions {
  restart: () => void;
  renew: () => void;
}

/** Watches one peer connection: first asks for an ICE restart, then for a new connection. */
export class PeerGuard {
  readonly #pc: RTCPeerConnection;
  readonly #actions: PeerActions;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(pc: RTCPeerConnection, actions: PeerActions) {
    this.#pc = pc;
    this.#actions = actions;
    pc.addEventListener("connectionstatechange", this.#changed);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#pc.removeEventListener("connectionstatechange", this.#changed);
  }

  readonly #changed = (): void => {
    clearTimeout(this.#timer);
    switch (this.#pc.connectionState) {
      case "disconnected":
        this.#timer = setTimeout(() => this.#restart(), GRACE_MS);
        break;
      case "failed":
        this.#restart();
        break;
      case "connecting":
        this.#timer = setTimeout(() => this.#actions.renew(), RESTART_MS);
        break;
    }
  };

  #restart(): void {
    this.#timer = setTimeout(() => this.#actions.renew(), RESTART_MS);
    this.#actions.restart();
  }
}
