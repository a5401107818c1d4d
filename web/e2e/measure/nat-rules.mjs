/* The NAT of measure:rebind as rules of nftables, and what its counters say; functions of their arguments alone. */

/** Of the nftables table, in the NAT's namespace. */
export const TABLE = "ip kaibo";

/** What a datagram is by the first two bytes of its payload (RFC 7983, section 7; RFC 5761, section 4). */
const KINDS = {
  stun: "@th,64,8 0-3",
  dtls: "@th,64,8 20-63",
  rtcp: "@th,64,8 128-191 @th,72,8 192-223",
  rtp: "@th,64,8 128-191",
};

const FIRST_PORT = 20_000;
const PORTS = 1_000;
/** Ranges of ports that follow each other before the first comes again. */
const RANGES = 40;

/** The whole table. `outside`: the interface towards the server; `address`: which the server sees. */
export function natRules({ outside, address }) {
  const count = (way, direction) =>
    Object.entries(KINDS).map(
      ([kind, match]) => `${way} "${outside}" ${match} counter name ${direction}_${kind} accept`,
    );
  const counters = Object.keys(KINDS).flatMap((kind) => [`in_${kind}`, `out_${kind}`]);
  return `table ${TABLE} {
  ${[...counters, "dropped"].map((name) => `counter ${name} {}`).join("\n  ")}
  chain mappings { type filter hook prerouting priority raw; }
  chain signalling {
    type nat hook postrouting priority srcnat - 1
    oifname "${outside}" meta l4proto tcp snat to ${address}
  }
  chain media { type nat hook postrouting priority srcnat; }
  chain forward {
    type filter hook forward priority filter
    meta l4proto != udp accept
    ${[...count("iifname", "in"), ...count("oifname", "out")].join("\n    ")}
  }
  chain input {
    type filter hook input priority filter
    iifname "${outside}" meta l4proto udp counter name dropped drop
  }
}
`;
}

/**
 * What makes a NAT forget its UDP mappings, all in one transaction: connection tracking goes on in another
 * zone, where none of the connections of before is known in either direction, and new ones get ports of
 * another range.
 */
export function rebindRules({ outside, address, generation }) {
  const first = FIRST_PORT + (generation % RANGES) * PORTS;
  const ports = `${first}-${first + PORTS - 1}`;
  return `flush chain ${TABLE} mappings
add rule ${TABLE} mappings meta l4proto udp ct zone set ${generation + 1}
flush chain ${TABLE} media
add rule ${TABLE} media oifname "${outside}" meta l4proto udp snat to ${address}:${ports} fully-random
`;
}

/** Packets by the name of their counter, of what `nft --json list counters` says. */
export function readCounters(text) {
  const counters = JSON.parse(text).nftables.flatMap(({ counter }) => counter ?? []);
  return Object.fromEntries(counters.map(({ name, packets }) => [name, packets]));
}
