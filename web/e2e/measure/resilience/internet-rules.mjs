/* The router of measure:resilience as rules of nftables; functions of their arguments alone. */

/** Of the nftables tables, in the router's namespace. */
const PATH = "inet kaibo_path";
const OUTAGE = "inet kaibo_outage";

/** What a client's network lets through to the server; `port`: the server's one of TCP. */
const FILTERS = {
  udp: () => "",
  /** No UDP: media goes by ICE-TCP (RFC 6544). */
  tcp: () => "meta l4proto udp drop",
  /**
   * One port, and on it only what begins with a record of a TLS handshake (RFC 8446, section 5.1): media goes by TURN
   * over TLS. A packet without a payload has 80 bytes at most.
   */
  tls: (port) => `meta l4proto udp drop
    tcp dport != ${port} drop
    ct mark 1 accept
    @ih,0,16 0x1603 ct mark set 1 accept
    meta length > 80 drop`,
  /** The page itself uses its TURN server alone; see `relayOnly`. */
  turn: () => "",
};

export const PATHS = Object.keys(FILTERS);

/** Replaces a table: its deletion fails where there is none, so it is made first. */
const anew = (table, body) => `table ${table}\ndelete table ${table}\n${body}`;

/** What the network of all browsers lets through from now on. */
export function pathRules(path, port) {
  return anew(
    PATH,
    `table ${PATH} {
  chain forward {
    type filter hook forward priority filter
    oifname != "server" accept
    iifname "here" accept
    ${FILTERS[path](port)}
  }
}
`,
  );
}

/** Nothing passes to or from these clients; none of them: all is well. */
export function outageRules(links) {
  const drops = links.map((link) => `iifname "${link}" drop\n    oifname "${link}" drop`);
  return anew(
    OUTAGE,
    `table ${OUTAGE} {
  chain forward {
    type filter hook forward priority filter - 10
    ${drops.join("\n    ")}
  }
}
`,
  );
}

/**
 * Each UDP port of a client is a viewer with a link of its own, which drops what is above its rate (kbit/s). `burst`:
 * bytes that pass at once.
 */
export function perViewerRules({ link, kbit, burst = 10_000 }) {
  const bytes = Math.round((kbit * 1000) / 8);
  return `table inet kaibo_links {
  set viewers { type inet_service; flags dynamic; size 4096; }
  chain forward {
    type filter hook forward priority filter - 20
    oifname "${link}" meta l4proto udp add @viewers { udp dport limit rate over ${bytes} bytes/second burst ${burst} bytes } counter drop
  }
}
`;
}
