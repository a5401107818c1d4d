import { hostAndFan, judged, Site, seconds } from "./site.mjs";

const FANS = 4;
const VIEWERS = 1_000;
const RATE = 500;
const GOAL_MS = 15_000;
const GIVE_UP_MS = 60_000;
/** In which no page connects anew once all play. */
const QUIET_MS = 15_000;

/** R16: the server ends and starts again on the same ports: a host and fans in browsers, and a thousand viewers. */
export async function serverRestart(rig, { path }) {
  const site = await Site.start(rig, { path });
  const { host, fan } = await hostAndFan(site, { pages: FANS });
  const found = [];
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    const since = Date.now();
    await site.server.restart({ signal });
    const up = Date.now();
    const backs = [];
    for (let page = 0; page < FANS; page += 1) {
      const given = { since, at: up, withinMs: GIVE_UP_MS, page };
      const { backMs } = await site.untilBack(fan, given);
      backs.push(backMs === null ? null : up - since + backMs);
    }
    const before = standings(fan);
    await site.settle(QUIET_MS);
    const later = standings(fan).reduce((sum, it, n) => sum + it.sockets - before[n].sockets, 0);
    const never = backs.filter((ms) => ms === null).length;
    const slowest = never > 0 ? null : Math.max(...backs);
    const lacks = [
      ...(slowest !== null && slowest <= GOAL_MS
        ? []
        : [`${never} fans never played, or it took too long`]),
      ...(later === 0 ? [] : ["pages connected anew afterwards"]),
    ];
    found.push(
      judged({
        name: `R16 ${path}: ${signal} and a new start, a host and ${FANS} fans in Chromium`,
        goal: `all play within ${seconds(GOAL_MS)}, no second wave`,
        figure: `all play ${seconds(slowest)} after the signal (the server was back after ${seconds(up - since)}); sockets opened in the ${QUIET_MS / 1000} s after that: ${later}`,
        ok: lacks.length === 0,
        lacks: lacks.join(", "),
        ...{ backs, host: host.standing().state },
      }),
    );
  }
  return found;
}

const standings = (fan) => Array.from({ length: FANS }, (_, page) => fan.standing(page));

/** R16: a thousand viewers come as fast as the server lets them, just after its start. */
export async function returningCrowd(rig) {
  const args = [
    "--max-peers",
    "3000",
    "--max-viewers",
    "2000",
    "--joins-per-second-in-all",
    "2000",
  ];
  const network = ["--trust-network", "198.18.80.0/24"];
  const site = await Site.start(rig, { isPlain: true, args: [...args, ...network] });
  await site.server.restart({ signal: "SIGKILL" });
  const began = { at: performance.now(), ...(await site.usage()) };
  let all = null;
  const running = site
    .bench("others", {
      ...{ viewers: VIEWERS, rate: RATE, "video-bitrate": 300, duration: 5 },
      pid: site.server.pid,
    })
    .finally(() => {
      all = true;
    });
  let busiest = 0;
  let last = began;
  while (!all) {
    await site.settle(500);
    const now = { at: performance.now(), ...(await site.usage()) };
    busiest = Math.max(busiest, (now.cpuMs - last.cpuMs) / (now.at - last.at));
    last = now;
  }
  const { joins, server } = await running;
  const isIn = joins.failed === 0 && joins.gone === 0 && joins.seconds * 1000 <= GOAL_MS;
  return [
    judged({
      name: `R16: ${VIEWERS} synthetic viewers come to a server that has just started, ${RATE} a second`,
      goal: `all play within ${seconds(GOAL_MS)}`,
      figure: `${joins.succeeded} of ${VIEWERS} play after ${joins.seconds.toFixed(1)} s, first keyframe p95 ${Math.round(joins.first_keyframe_ms.p95)} ms; the server's busiest half second ${Math.round(busiest * 100)} % of a core of two, ${Math.round(server.rss_mb)} MB`,
      ok: isIn,
      lacks: "not all play, or late",
      ...{ joins, server, busiest },
    }),
  ];
}
