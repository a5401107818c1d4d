import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { addressOf } from "./internet.mjs";
import { judged, Site } from "./site.mjs";

const run = promisify(execFile);
const INJECTOR = fileURLToPath(new URL("injector.mjs", import.meta.url));
/** Counts what passes the router with the viewers' address, and is not theirs. */
const COUNT_FORGED = `table inet kaibo_count {
  counter forged {}
  chain forward {
    type filter hook forward priority filter + 10
    iifname "others" oifname "server" ip saddr ${addressOf("fan")} counter name forged
  }
}
`;
const VIEWERS = 1_000;
const RATE = 100;

/** R22: datagrams with the addresses and ports of a thousand viewers, which are not theirs. */
export async function injection(rig) {
  const args = [
    "--max-peers",
    "3000",
    "--max-viewers",
    "2000",
    "--trust-network",
    "198.18.80.0/24",
  ];
  const site = await Site.start(rig, { isPlain: true, args });
  await site.internet.filter(COUNT_FORGED);
  await site.internet.borrow("others", addressOf("fan"));
  const watching = site.bench("fan", {
    ...{ viewers: VIEWERS, rate: RATE, duration: 30, "video-bitrate": 200, fps: 10 },
    "no-audio": true,
  });
  let isOver = false;
  const ended = watching.finally(() => {
    isOver = true;
  });
  ended.catch(() => {});
  const given = { host: site.internet.address, port: site.server.udpPort };
  const injector = (from, ports) =>
    site.run("others", process.execPath, [INJECTOR, JSON.stringify({ ...given, from, ports })]);
  const rounds = [];
  // While they join as well.
  await site.settle(2_000);
  while (!isOver && rounds.length < 20) {
    const ports = await portsOf(site);
    const one = injector(addressOf("fan"), ports);
    await one.ended();
    rounds.push(one.said.at(-1));
    await site.settle(1_000);
  }
  const own = injector(addressOf("others"), []);
  await own.ended();
  const reflected = own.said.at(-1);
  const report = await watching;
  const { joins, steady } = report;
  const sent = await site.internet.count("forged");
  const harmed = joins.failed + joins.gone + joins.publishers_lost + steady.silent_viewers;
  const lacks = [
    ...(harmed === 0 ? [] : [`${harmed} viewers were harmed`]),
    ...(steady.loss_percent < 0.1 ? [] : ["viewers lost packets"]),
    ...(reflected.received === 0 ? [] : ["the server answers a stranger"]),
  ];
  return [
    judged({
      name: `R22: forged DTLS, STUN, SRTP and SRTCP in the names of ${VIEWERS} synthetic viewers`,
      goal: "no viewer harmed, nothing sent back to a stranger",
      figure: `${sent} forged datagrams in ${rounds.length} rounds, the first while viewers joined; harmed ${harmed}, lost ${steady.loss_percent} %; to a stranger's ${reflected.sent} (${reflected.sentBytes} bytes) ${reflected.received} bytes came back`,
      ok: lacks.length === 0,
      lacks: lacks.join(", "),
      ...{ joins, steady, rounds, reflected },
    }),
  ];
}

/** The ports of UDP that programs on the viewers' link have. */
async function portsOf(site) {
  const [ip, args] = site.internet.inside("fan", "cat", ["/proc/net/udp"]);
  const { stdout } = await run(ip, args);
  const lines = stdout.trim().split("\n").slice(1);
  return lines.map((line) => Number.parseInt(line.trim().split(/\s+/)[1].split(":")[1], 16));
}
