/**
 * Runs in every page before its own scripts: notes sockets, messages, peer connections and first
 * frames. `port` sends `ws://localhost:3000` elsewhere: pages that name it are tested as they are,
 * while no test may rely on a fixed port. `role` is added to that address. It must not use anything
 * outside itself.
 */
export function watchPage({ port, role } = {}) {
  const seen = { sockets: [], peers: [], firstFrameMs: null, firstFrameAt: null, violations: [] };
  Object.defineProperty(window, "__seen", { value: seen });

  const NativeSocket = window.WebSocket;
  window.WebSocket = class extends NativeSocket {
    constructor(url, ...rest) {
      const target = new URL(url, location.href);
      if (port && target.host === "localhost:3000") {
        target.port = String(port);
        if (role) target.searchParams.set("role", role);
      }
      super(target, ...rest);
      // A development server's socket is none of ours.
      if (target.pathname !== "/ws") return;
      const note = { socket: this, received: [], spoke: false, closed: null };
      seen.sockets.push(note);
      this.addEventListener("message", (event) => note.received.push(JSON.parse(event.data)));
      this.addEventListener("close", (event) => {
        note.closed = event.code;
      });
    }

    send(data) {
      const note = seen.sockets.find(({ socket }) => socket === this);
      if (note) note.spoke = true;
      super.send(data);
    }
  };

  const NativePeer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends NativePeer {
    constructor(...args) {
      super(...args);
      seen.peers.push(this);
    }
  };

  // Media events do not bubble, but they can be captured.
  const firstFrame = (event) => {
    if (seen.firstFrameAt !== null || !(event.target instanceof HTMLVideoElement)) return;
    seen.firstFrameMs = Math.round(performance.now());
    seen.firstFrameAt = Date.now();
  };
  document.addEventListener("loadeddata", firstFrame, true);
  // A socket that StrictMode left behind is offered media too; nobody answers there.
  seen.countOffers = () =>
    seen.sockets
      .filter(({ spoke }) => spoke)
      .flatMap(({ received }) => received)
      .filter(({ type }) => type === "offer").length;
  document.addEventListener("securitypolicyviolation", (event) => {
    seen.violations.push(`${event.effectiveDirective} ${event.blockedURI}`);
  });
}

/** All messages that the page's sockets received, in order, with those of each socket together. */
export function received(page) {
  return page.evaluate(() => window.__seen.sockets.flatMap(({ received }) => received));
}

/** Keeps the peer connection that is connected now, to compare with later. */
export function rememberPeer(page) {
  return page.evaluate(() => {
    const peers = window.__seen.peers.filter((pc) => pc.connectionState === "connected");
    if (peers.length !== 1) throw new Error(`${peers.length} peer connections are connected`);
    window.__seen.remembered = peers[0];
    window.__seen.offers = window.__seen.countOffers();
  });
}

/** Whether that peer connection is still the connected one, and how many offers came since. */
export function comparePeer(page) {
  return page.evaluate(() => {
    const { peers, remembered, offers, countOffers } = window.__seen;
    const connected = peers.filter((pc) => pc.connectionState === "connected");
    return {
      same: connected.length === 1 && connected[0] === remembered,
      newOffers: countOffers() - offers,
    };
  });
}
