import { type Candidate, isAddress, isIpv6, reachOf } from "../candidates";
import { isOnlyHere } from "../lan";
import type { DoctorPath, PathState } from "../protocol";

/** The ways that are tried with media. */
export type MediaPath = Exclude<DoctorPath, "https" | "web_socket">;

export const MEDIA_PATHS: readonly MediaPath[] = ["udp4", "udp6", "tcp4", "tcp6", "turn"];
export const ALL_PATHS: readonly DoctorPath[] = ["https", "web_socket", ...MEDIA_PATHS];

/**
 * Whether a candidate of the server's belongs to the way. TURN relays to those of UDP. A server's own loopback address is
 * no way for a device elsewhere.
 */
export function isOfPath(
  path: MediaPath,
  { protocol, address }: Candidate,
  isHere = isOnlyHere(),
): boolean {
  if (path === "turn") return protocol === "udp";
  if (!isHere && reachOf(address) === "own machine") return false;
  return protocol === protocolOf(path) && isIpv6(address) === isSix(path);
}

/** The pair of candidates that media takes. */
export interface Selected {
  protocol: string | null;
  /** The server's address, where the browser tells it. */
  remoteAddress: string | null;
  /** What the device's own side is: `host`, `srflx`, `prflx` or `relay`. */
  localType: string;
  /** The server's side was not in its description. */
  isSurprise: boolean;
}

type Entry = Record<string, unknown> & { id: string; type: string };

/** Whether the browser has a pair of candidates. */
export function hasPairs(report: RTCStatsReport): boolean {
  let found = false;
  report.forEach((entry: Entry) => {
    if (entry.type === "candidate-pair") found = true;
  });
  return found;
}

/** The pair in use, as far as the statistics tell; null before there is one. */
export function selectedOf(report: RTCStatsReport): Selected | null {
  const entries = new Map<string, Entry>();
  report.forEach((entry: Entry) => {
    entries.set(entry.id, entry);
  });
  const all = [...entries.values()];
  const transport = all.find(({ type }) => type === "transport");
  const pair =
    entries.get(String(transport?.selectedCandidatePairId)) ??
    // Firefox has no transport entry with the pair.
    all.find(
      (entry) =>
        entry.type === "candidate-pair" &&
        (entry.selected === true || (entry.nominated === true && entry.state === "succeeded")),
    );
  const local = entries.get(String(pair?.localCandidateId));
  const remote = entries.get(String(pair?.remoteCandidateId));
  if (!local || !remote) return null;
  return {
    protocol: text(local.protocol),
    remoteAddress: text(remote.address) ?? text(remote.ip),
    localType: text(local.candidateType) ?? "",
    isSurprise: remote.candidateType === "prflx",
  };
}

/** Whether media takes this way and no other. */
export function isOn(path: MediaPath, selected: Selected | null): boolean {
  if (!selected || selected.isSurprise) return false;
  const { protocol, remoteAddress, localType } = selected;
  // A relay that shows the server another address than it told the device is seen as peer-reflexive.
  if (path === "turn") return localType !== "host" && localType !== "srflx";
  // The description had addresses of this family alone.
  const isFamily = remoteAddress === null || isIpv6(remoteAddress) === isSix(path);
  return localType !== "relay" && protocol === protocolOf(path) && isFamily;
}

/** What is known of one attempt so far. */
export interface Attempt {
  /** Whether both descriptions of the server had candidates of the way; null before they are known. */
  offered: boolean | null;
  /** The device's own addresses for UDP, or the names of mDNS behind which its browser hides them. */
  local: readonly string[];
  /** Whether the browser ever had a pair of candidates to check. */
  paired: boolean;
  publisher: Selected | null;
  viewer: Selected | null;
  framesDecoded: number;
  bytesReceived: number;
  /** The time is up, or a side has given up. */
  over: boolean;
  /** Whether the other address family works on this device; known late. */
  otherFamilyWorks: boolean;
  /** A browser that uses TURN over TLS by a name alone, on a page without one. */
  needsName: boolean;
}

/** What became of the way; null while that is open. */
export function verdict(path: MediaPath, attempt: Attempt): PathState | null {
  const { offered, over } = attempt;
  if (offered === false) return "not_offered";
  const isThere = isOn(path, attempt.publisher) && isOn(path, attempt.viewer);
  // A browser that shows no picture of a page in the background has received it all the same.
  const hasMedia = attempt.framesDecoded > 0 || (over && attempt.bytesReceived > 0);
  if (isThere && hasMedia) return "works";
  if (over && offered === null) return "not_tried";
  if (cannotTry(path, attempt)) return "not_tried";
  return over ? "closed" : null;
}

/** Told at the end alone: browsers use addresses that they do not show. */
function cannotTry(path: MediaPath, attempt: Attempt): boolean {
  const { local, paired, over, otherFamilyWorks, needsName } = attempt;
  if (!over || path === "turn") return over && needsName;
  // A pair over TCP that the other side refuses is gone before anybody sees it.
  if (!paired && protocolOf(path) === "udp") return true;
  const addresses = local.filter(isAddress);
  const names = new Set(local.filter((it) => !isAddress(it)));
  if (names.size === 0 && addresses.length > 0) {
    return !addresses.some((address) => isIpv6(address) === isSix(path));
  }
  // There is one name for each family: a single one is that of the family which works.
  return names.size === 1 && otherFamilyWorks;
}

function protocolOf(path: MediaPath): string {
  return path.startsWith("tcp") ? "tcp" : "udp";
}

function isSix(path: MediaPath): boolean {
  return path.endsWith("6");
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
