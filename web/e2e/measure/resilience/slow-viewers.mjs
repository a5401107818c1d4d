import { perViewerRules } from "./internet-rules.mjs";
import { judged, Site } from "./site.mjs";
import { BareSocket } from "./sockets.mjs";

const SLOW = 100;
const SLOW_KBIT = 200;
/** What they are sent more of than that; a keyframe of it passes at once, or none of them had a picture to begin with. */
const SLOW_VIDEO_KBIT = 800;
const BURST_BYTES = 64_000;
const STUCK = 50;
const OTHERS = 50;
const GOAL_MS = 2;
const WATCH_S = 15;
/** Beyond what a hundred viewers and fifty sockets take. */
const SPARE_MB = 60;

/** R18: viewers whose links carry a fraction of the picture, and sockets that are never read, beside others. */
export async function slowViewers(rig) {
  const args = ["--trust-network", "198.18.80.0/24"];
  const site = await Site.start(rig, { isPlain: true, args });
  const watch = () => site.bench("others", { viewers: OTHERS, rate: 50, duration: WATCH_S });
  const alone = await watch();
  const before = await site.usage();
  await site.internet.filter(perViewerRules({ link: "fan", kbit: SLOW_KBIT, burst: BURST_BYTES }));
  const slow = site.bench("fan", {
    ...{ viewers: SLOW, rate: 50, duration: 2 * WATCH_S },
    "video-bitrate": SLOW_VIDEO_KBIT,
  });
  await site.settle(4_000);
  const stuck = await stickSockets(site);
  await site.settle(1_000);
  const beside = await watch();
  const during = await site.usage();
  await site.settle(10_000);
  const later = await site.usage();
  const report = await slow;
  for (const socket of stuck) await socket.close();
  const [p99Alone, p99Beside] = [alone, beside].map(({ steady }) => steady.delay_ms.p99);
  const growsMb = (later.rssKb - before.rssKb) / 1000;
  const growsLateMb = (later.rssKb - during.rssKb) / 1000;
  const more = p99Beside - p99Alone;
  const lacks = [
    ...(report.joins.succeeded === SLOW ? [] : ["slow ones had no picture"]),
    ...(more < GOAL_MS ? [] : ["others wait longer"]),
    ...(growsMb < SPARE_MB && growsLateMb < 5 ? [] : ["memory grows"]),
  ];
  return [
    judged({
      name: `R18: ${SLOW} synthetic viewers with ${SLOW_KBIT} kbit/s and ${STUCK} sockets that are not read, beside ${OTHERS} others`,
      goal: `p99 of the others' delay rises by less than ${GOAL_MS} ms, memory is bounded`,
      figure: `p99 ${p99Alone.toFixed(1)} → ${p99Beside.toFixed(1)} ms, p50 ${alone.steady.delay_ms.p50.toFixed(1)} → ${beside.steady.delay_ms.p50.toFixed(1)} ms, lost ${beside.steady.loss_percent} %; memory +${growsMb.toFixed(0)} MB, +${growsLateMb.toFixed(1)} MB in the last 10 s; slow ones, whose picture has ${SLOW_VIDEO_KBIT}, got ${Math.round((report.steady.mbit_per_second * 1000) / SLOW)} kbit/s each`,
      ok: lacks.length === 0,
      lacks: lacks.join(", "),
      ...{ alone: alone.steady, beside: beside.steady, slow: report, before, during, later },
    }),
  ];
}

async function stickSockets(site) {
  const [room] = await rooms(site);
  const sockets = [];
  for (let n = 0; n < STUCK; n += 1) {
    const socket = await BareSocket.open({ host: site.internet.address, port: site.server.port });
    socket.say({ type: "hello", v: 1, role: "fan", room });
    socket.stopReading();
    sockets.push(socket);
  }
  return sockets;
}

async function rooms(site) {
  const all = await (await fetch(`${site.base}/api/rooms`)).json();
  return all.map(({ room }) => room);
}
