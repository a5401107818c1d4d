/** The constructor of this browser, whatever it calls it; undefined where there is none. */
function peerConstructor(scope: object): typeof RTCPeerConnection | undefined {
  const names = scope as Record<string, typeof RTCPeerConnection | undefined>;
  return names.RTCPeerConnection ?? names.mozRTCPeerConnection ?? names.webkitRTCPeerConnection;
}

export function hasPeers(scope: object = window): boolean {
  return peerConstructor(scope) !== undefined;
}

/** A peer connection of this browser; null where there is none. */
export function createPeer(config: RTCConfiguration): RTCPeerConnection | null {
  const PeerConnection = peerConstructor(window);
  return PeerConnection ? new PeerConnection(config) : null;
}

/** How both sides of the page connect. */
export function peerConfig(iceServers: RTCIceServer[]): RTCConfiguration {
  return { iceServers, bundlePolicy: "max-bundle" };
}

/**
 * Without the server's own TURN: it is a detour through TLS, which few networks need, and every allocation costs the
 * server a connection.
 */
export function withoutDetour(
  servers: RTCIceServer[],
  here: Pick<Location, "hostname"> = window.location,
): RTCIceServer[] {
  return servers.filter((server) => !isOwn(server, here));
}

/** The server's own TURN alone; none where it has no HTTPS of its own. */
export function ownDetour(
  servers: RTCIceServer[],
  here: Pick<Location, "hostname"> = window.location,
): RTCIceServer[] {
  return servers.filter((server) => isOwn(server, here));
}

function isOwn(server: RTCIceServer, here: Pick<Location, "hostname">): boolean {
  const own = `turns:${here.hostname}:`;
  return [server.urls].flat().every((url) => url.startsWith(own));
}

const HELPERS = new Set(["rtx", "red", "ulpfec", "flexfec-03"]);

/** Video codecs this browser can play, in its own order, for `hello.caps`. */
export function playableCodecs(): string[] {
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs ?? [];
  const names = codecs.map((codec) => codec.mimeType.replace(/^video\//i, ""));
  return [...new Set(names)].filter((name) => !HELPERS.has(name.toLowerCase()));
}

/** Puts a codec first among those offered. Browsers without the call keep their own order. */
export function preferCodec(transceiver: RTCRtpTransceiver, name: string): void {
  // Chromium accepts the receiver's capabilities only, even for a sender.
  const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("video")?.codecs;
  if (!codecs || typeof transceiver.setCodecPreferences !== "function") return;
  const isWanted = (codec: RTCRtpCodec) =>
    codec.mimeType.toLowerCase() === `video/${name}`.toLowerCase();
  const rank = (codec: RTCRtpCodec) => (isWanted(codec) ? 0 : 1);
  try {
    transceiver.setCodecPreferences([...codecs].sort((a, b) => rank(a) - rank(b)));
  } catch {
    // Refused: the browser's own order plays everywhere too, only less predictably.
  }
}
