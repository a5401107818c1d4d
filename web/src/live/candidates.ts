/** An address of a session description at which media can be reached (RFC 8839, section 5.1). */
export interface Candidate {
  protocol: "udp" | "tcp";
  address: string;
  port: number;
}

const LINE = /^a=candidate:\S+ \d+ (udp|tcp) \d+ (\S+) (\d+) typ /i;

export function candidatesOf(sdp: string): Candidate[] {
  return lines(sdp).flatMap((line) => readCandidate(line) ?? []);
}

/** The description with only those candidates that `keep` wants, and how many there are of them. */
export function keepCandidates(
  sdp: string,
  keep: (candidate: Candidate) => boolean,
): { sdp: string; kept: Candidate[] } {
  const kept: Candidate[] = [];
  const left = lines(sdp).filter((line) => {
    const candidate = readCandidate(line);
    if (candidate === null) return true;
    if (!keep(candidate)) return false;
    kept.push(candidate);
    return true;
  });
  return { sdp: left.join("\r\n"), kept };
}

export function isIpv6(address: string): boolean {
  return address.includes(":");
}

/** Whether it is an address, and no name such as one of mDNS. */
export function isAddress(text: string): boolean {
  return isIpv6(text) || /^\d+\.\d+\.\d+\.\d+$/.test(text);
}

/** From where an address can be reached at best. */
export type Reach = "own machine" | "own network" | "everywhere";

export function reachOf(address: string): Reach {
  return isIpv6(address) ? reachOf6(address.toLowerCase()) : reachOf4(address);
}

function reachOf4(address: string): Reach {
  const [a = 0, b = 0] = address.split(".").map(Number);
  if (a === 127) return "own machine";
  const isPrivate =
    a === 10 ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && b === 168) ||
    (a === 169 && b === 254) ||
    // Shared by the customers of a provider (RFC 6598).
    (a === 100 && b >= 64 && b < 128);
  return isPrivate ? "own network" : "everywhere";
}

function reachOf6(address: string): Reach {
  if (address === "::1") return "own machine";
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  if (mapped?.[1]) return reachOf4(mapped[1]);
  // Unique local and link-local (RFC 4193, RFC 4291).
  return /^f[cd]|^fe[89ab]/.test(address) ? "own network" : "everywhere";
}

function readCandidate(line: string): Candidate | null {
  const [, protocol, address, port] = LINE.exec(line) ?? [];
  if (!protocol || !address || !port) return null;
  return { protocol: protocol.toLowerCase() as "udp" | "tcp", address, port: Number(port) };
}

function lines(sdp: string): string[] {
  return sdp.split(/\r?\n/);
}
