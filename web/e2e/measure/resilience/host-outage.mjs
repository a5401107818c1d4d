import { changes, hostAndFan, judged, Site, seconds } from "./site.mjs";

const OUTAGES_S = [2, 10, 30];
const GOAL_MS = 1_500;
const GIVE_UP_MS = 60_000;
const BETWEEN_MS = 4_000;
/** Of the outages that are repeated. */
const CYCLE_S = 3;
/** What the server may use more after them: a browser's layers come and go. */
const SPARE_KB = 4_000;

/** R8: nothing passes between the host and the server for a while; fans wait. */
export async function hostOutage(rig, { path, cycles }) {
  const site = await Site.start(rig, { path });
  const { host, fan } = await hostAndFan(site);
  const found = [];
  for (const lasts of OUTAGES_S) {
    const it = await interrupt(site, { host, fan }, lasts);
    await site.settle(BETWEEN_MS);
    found.push(
      judged({
        name: `R8 ${path}: the host is away for ${lasts} s`,
        goal: `the fan stays connected; a picture within ${seconds(GOAL_MS)} of the host's return`,
        ...verdict(it),
      }),
    );
    if (it.backMs === null) return found;
  }
  const before = await site.usage();
  const all = [];
  while (all.length < cycles) all.push(await interrupt(site, { host, fan }, CYCLE_S));
  await site.settle(BETWEEN_MS);
  const after = await site.usage();
  const worst = all.reduce((most, it) => (isWorse(it.backMs, most.backMs) ? it : most));
  const growsKb = after.rssKb - before.rssKb;
  const newDescriptors = after.descriptors - before.descriptors;
  const { ok, lacks, figure } = verdict(worst);
  const leaks = growsKb > SPARE_KB || newDescriptors > 4;
  found.push(
    judged({
      name: `R8 ${path}: ${cycles} times away for ${CYCLE_S} s`,
      goal: `the same each time, no leak (memory +${SPARE_KB / 1000} MB, descriptors +4 at most)`,
      figure: `worst ${figure}; memory ${growsKb >= 0 ? "+" : ""}${(growsKb / 1000).toFixed(1)} MB, descriptors ${newDescriptors >= 0 ? "+" : ""}${newDescriptors}`,
      ok: ok && !leaks,
      lacks: [lacks, leaks ? "the server holds more than before" : null].filter(Boolean).join(", "),
      ...{ cycles: all, before, after },
    }),
  );
  return found;
}

async function interrupt(site, { host, fan }, lasts) {
  const [fanBefore, hostBefore] = [fan.standing(), host.standing()];
  const since = await site.internet.cut("host");
  await site.settle(lasts * 1000);
  const at = await site.internet.restore();
  const { backMs, frozenMs } = await site.untilBack(fan, { since, at, withinMs: GIVE_UP_MS });
  const ofFan = changes(fanBefore, fan.standing());
  return { backMs, frozenMs, fan: ofFan, host: changes(hostBefore, host.standing()) };
}

const isWorse = (ms, than) => (ms ?? Number.POSITIVE_INFINITY) > (than ?? Number.POSITIVE_INFINITY);

function verdict({ backMs, frozenMs, fan, host }) {
  const lacks = [
    ...(backMs !== null && backMs <= GOAL_MS ? [] : ["the picture is late"]),
    ...(fan.newPeers > 0 ? ["the fan connected anew"] : []),
  ];
  return {
    figure: `${seconds(backMs)}; new peer connections of the fan ${fan.newPeers}, of the host ${host.newPeers}`,
    ok: lacks.length === 0,
    lacks: lacks.join(", "),
    ...{ backMs, frozenMs, fan, host },
  };
}
