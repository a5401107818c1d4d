/** Calls `none` when a browser has gathered its candidates and has none of a TURN server. */
export function whenNoRelay(pc: RTCPeerConnection, none: () => void): void {
  let hasRelay = false;
  pc.addEventListener("icecandidate", ({ candidate }) => {
    if (candidate !== null && / typ relay\b/.test(candidate.candidate)) hasRelay = true;
  });
  pc.addEventListener("icegatheringstatechange", () => {
    if (pc.iceGatheringState === "complete" && !hasRelay) none();
  });
}

/** Whether this page was opened by an IP address: Firefox uses TURN on TLS by a name only. */
export function isByAddress(here: Pick<Location, "hostname"> = window.location): boolean {
  return here.hostname.startsWith("[") || /^\d+(\.\d+){3}$/.test(here.hostname);
}
