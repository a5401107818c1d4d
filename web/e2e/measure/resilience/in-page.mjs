/* What runs in pages; see ../in-page.mjs. */

/** Before the page's own scripts: media goes by TURN servers alone. */
export function relayOnly() {
  const Native = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Native {
    constructor(config = {}, ...rest) {
      super({ ...config, iceTransportPolicy: "relay" }, ...rest);
    }
  };
}

/** How a page is connected, and what it says of that. */
export async function takeStanding() {
  const { peers, sockets, countOffers, firstFrameMs } = window.__seen;
  const shown = document.querySelector('[data-testid="fan-state"], [data-testid="host-state"]');
  const welcomes = sockets
    .flatMap(({ received }) => received)
    .filter(({ type }) => type === "welcome");
  const pc = peers.findLast((it) => it.connectionState !== "closed");
  const report = (await pc?.getStats()) ?? new Map();
  let way = null;
  const video = { lost: 0, decoded: 0, keyframes: 0, plis: 0, nacks: 0, packets: 0 };
  for (const stat of report.values()) {
    if (stat.type === "inbound-rtp" && stat.kind === "video") {
      video.lost += stat.packetsLost ?? 0;
      video.decoded += stat.framesDecoded ?? 0;
      video.keyframes += stat.keyFramesDecoded ?? 0;
      video.plis += stat.pliCount ?? 0;
      video.nacks += stat.nackCount ?? 0;
      video.packets += stat.packetsReceived ?? 0;
    }
    const isUsed = stat.type === "candidate-pair" && stat.nominated && stat.state === "succeeded";
    if (!isUsed || !(stat.bytesReceived > 0 || stat.bytesSent > 0)) continue;
    const local = report.get(stat.localCandidateId);
    way = `${local?.candidateType} ${local?.protocol}${local?.relayProtocol ? ` ${local.relayProtocol}` : ""}`;
  }
  return {
    state: shown?.dataset.state ?? null,
    connection: pc?.connectionState ?? null,
    offers: countOffers(),
    sockets: sockets.length,
    welcomes: welcomes.length,
    strangers: welcomes.filter(({ resumed }) => !resumed).length,
    way,
    firstFrameMs,
    ...video,
  };
}
