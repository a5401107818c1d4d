import { readFile } from "node:fs/promises";
import { judged, Site } from "./site.mjs";

/** Viewers a second: the goal's, and half of it. */
const RATES = [250, 500];
const STORM_S = 10;
const EXISTING = 50;
const GOAL_MS = 2_000;
const LOSS_PERCENT = 0.1;
/** Of the viewers that come: a picture, and as few packets as make one, since the tool shares the machine. */
const LIGHT = { "video-bitrate": 100, fps: 5, "no-audio": true };

/** Counts what the server asks a publisher for: SRTCP leaves the first eight bytes in clear (RFC 3711, section 3.4). */
const COUNT_PLIS = `table inet kaibo_count {
  counter plis {}
  chain forward {
    type filter hook forward priority filter + 10
    iifname "server" meta l4proto udp @th,64,16 0x81ce counter name plis
  }
}
`;

/** R17: viewers join, 500 a second, while others watch. */
export async function joinStorm(rig) {
  const found = [];
  for (const rate of RATES) {
    found.push(await storm(rig, rate));
    await rig.close();
  }
  return found;
}

async function storm(rig, rate) {
  const limits = { "max-peers": 12_000, "max-viewers": 6_000, "joins-per-second-in-all": 5_000 };
  const args = Object.entries(limits).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const network = ["--trust-network", "198.18.80.0/24", "--max-connections", "14000"];
  const site = await Site.start(rig, { isPlain: true, args: [...args, ...network] });
  await site.internet.filter(COUNT_PLIS);
  const existing = site.bench("fan", {
    ...{ viewers: EXISTING, rate: 50, duration: 35, "video-bitrate": 1_000 },
  });
  await site.settle(5_000);
  const plisBefore = await site.internet.count("plis");
  const [began, usageBefore, idleBefore] = [performance.now(), await site.usage(), await idleMs()];
  const viewers = rate * STORM_S;
  const coming = site.bench("others", {
    viewers,
    rate,
    duration: 3,
    pid: site.server.pid,
    ...LIGHT,
  });
  await site.settle(STORM_S * 1_000);
  const [usage, idle] = [await site.usage(), await idleMs()];
  const stormMs = performance.now() - began;
  const report = await coming;
  const plis = (await site.internet.count("plis")) - plisBefore;
  const perSecond = (plis * 1_000) / (performance.now() - began);
  const { steady } = await existing;
  const { joins } = report;
  const p95 = Math.round(joins.first_keyframe_ms?.p95 ?? Number.POSITIVE_INFINITY);
  const server = Math.round(((usage.cpuMs - usageBefore.cpuMs) * 100) / stormMs);
  const isIdle = Math.round(((idle - idleBefore) * 100) / stormMs);
  const lacks = [
    ...(joins.failed === 0 ? [] : [`${joins.failed} did not get in`]),
    ...(p95 <= GOAL_MS ? [] : ["the first picture is late"]),
    ...(steady.loss_percent <= LOSS_PERCENT ? [] : ["others lose packets"]),
    ...(perSecond <= 1 ? [] : ["the publishers are asked for too many keyframes"]),
    ...(joins.per_second >= rate * 0.9 ? [] : ["the load was slower than that"]),
  ];
  return judged({
    name: `R17: ${viewers} synthetic viewers join, ${rate} a second, beside ${EXISTING} that watch`,
    goal: `first picture p95 below ${GOAL_MS} ms, others lose less than ${LOSS_PERCENT} %, at most one PLI a second`,
    figure: `${joins.succeeded} in, ${Math.round(joins.per_second)} a second; first keyframe p50 ${Math.round(joins.first_keyframe_ms?.p50)}, p95 ${p95} ms; others lose ${steady.loss_percent} %; ${perSecond.toFixed(2)} PLI a second; meanwhile the server took ${server} % of a core, and ${isIdle} % of one were idle`,
    ok: lacks.length === 0,
    lacks: lacks.join(", "),
    ...{ storm: report, existing: steady, plis, server, isIdle },
  });
}

/** Idle time of all cores since the start, as `/proc/stat` (proc(5)) has it in hundredths of a second. */
async function idleMs() {
  const [first] = (await readFile("/proc/stat", "utf8")).split("\n");
  return Number(first.split(/\s+/)[4]) * 10;
}
