import { changes, hostAndFan, judged, Site, seconds } from "./site.mjs";

/** Seconds without network, how often, and within how many milliseconds the picture is to be back. */
const OUTAGES = [
  { lasts: 3, times: 3, goalMs: 1_000 },
  { lasts: 10, times: 2, goalMs: 1_500 },
  { lasts: 25, times: 1, goalMs: 2_000 },
];
/** When it is given up. */
const GIVE_UP_MS = 60_000;
const BETWEEN_MS = 4_000;

/** R3: nothing passes between a fan and the server for a while; its address stays. */
export async function outage(rig, { path, browser }) {
  const site = await Site.start(rig, { path });
  const { fan } = await hostAndFan(site, { browser });
  const found = [];
  for (const { lasts, times, goalMs } of OUTAGES) {
    const before = fan.standing();
    const backs = [];
    while (backs.length < times) {
      const since = await site.internet.cut("fan");
      await site.settle(lasts * 1000);
      const at = await site.internet.restore();
      backs.push(await site.untilBack(fan, { since, at, withinMs: GIVE_UP_MS }));
      await site.settle(BETWEEN_MS);
    }
    const anew = changes(before, fan.standing());
    const never = backs.some(({ backMs }) => backMs === null);
    const worst = never ? null : Math.max(...backs.map(({ backMs }) => backMs));
    const lacks = [
      ...(worst !== null && worst <= goalMs ? [] : ["the picture is late"]),
      ...(anew.newPeers > 0 ? ["the page connected anew"] : []),
    ];
    const each = backs.map(({ backMs }) => seconds(backMs)).join(", ");
    found.push(
      judged({
        name: `R3 ${path} ${browser}: ${lasts} s without network`,
        goal: `a picture within ${seconds(goalMs)} of the return, no new peer connection`,
        figure: `${each}; new peer connections ${anew.newPeers}, sockets ${anew.newSockets}, offers ${anew.newOffers}`,
        ok: lacks.length === 0,
        lacks: lacks.join(", "),
        ...{ backs, ...anew },
      }),
    );
    if (never) break;
  }
  return found;
}
