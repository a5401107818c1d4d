import { type Candidate, isAddress, type Reach, reachOf } from "./candidates";

/** Why media does not come, as far as a page can tell. Its words are in i18n/room-paths.json. */
export type NoPathCode =
  | "private_address"
  | "loopback_address"
  | "closed"
  | "closed_udp"
  | "no_socket"
  | "no_server";

export interface NoPath {
  code: NoPathCode;
  values: Readonly<Record<string, string | number>>;
}

export interface Facts {
  /** What the server announces for media. */
  candidates: readonly Candidate[];
  /** The host of the page's address. */
  hostname: string;
}

/** More addresses than this make no sentence. */
const NAMED_ADDRESSES = 3;

/** Of a session that was negotiated and found no path; null when the server announces nothing. */
export function whyNoPath({ candidates, hostname }: Facts): NoPath | null {
  const udp = candidates.find(({ protocol }) => protocol === "udp");
  if (!udp) return null;
  const tcp = candidates.find(({ protocol }) => protocol === "tcp");
  const reaches = candidates.map(({ address }) => reachOf(address));
  const addresses = [...new Set(candidates.map(({ address }) => address))];
  const ip = addresses.slice(0, NAMED_ADDRESSES).join(", ");
  const from = reachOfHost(hostname);
  if (from !== "own machine" && reaches.every((reach) => reach === "own machine")) {
    return { code: "loopback_address", values: { ip } };
  }
  if (from === "everywhere" && reaches.every((reach) => reach !== "everywhere")) {
    return { code: "private_address", values: { ip } };
  }
  return tcp
    ? { code: "closed", values: { host: hostname, udp: udp.port, tcp: tcp.port } }
    : { code: "closed_udp", values: { host: hostname, udp: udp.port } };
}

/** Endings of names that mean something in one network only. */
const LOCAL_NAMES = /\.(local|lan|home|internal|home\.arpa)$/;

/** From where the page's own address can be reached, as far as it shows. */
export function reachOfHost(hostname: string): Reach {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (isAddress(host)) return reachOf(host);
  if (host === "localhost" || host.endsWith(".localhost")) return "own machine";
  return host.includes(".") && !LOCAL_NAMES.test(host) ? "everywhere" : "own network";
}
