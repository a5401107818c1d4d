import { changes, hostAndFan, judged, Site, seconds } from "./site.mjs";

const GOAL_MS = 3_000;
const GIVE_UP_MS = 60_000;
/** In which a page that is not content connects anew. */
const AFTER_MS = 4_000;

/** R7: a client's network is gone and it has another one, with another address: its sockets die with the old one. */
export async function roaming(rig, { path, browser }) {
  const found = [];
  for (const who of ["fan", "host"]) {
    const site = await Site.start(rig, { path });
    await site.internet.addSecond(who, "mobile");
    const { host, fan } = await hostAndFan(site, { browser });
    const client = { host, fan }[who];
    const before = { client: client.standing(), fan: fan.standing() };
    const at = await site.internet.roam(who, "mobile");
    const { backMs, frozenMs } = await site.untilBack(fan, { since: at, at, withinMs: GIVE_UP_MS });
    await site.settle(AFTER_MS);
    const anew = changes(before.client, client.standing());
    const ofFan = changes(before.fan, fan.standing());
    const lacks = [
      ...(backMs !== null && backMs <= GOAL_MS ? [] : ["the picture is late"]),
      ...(anew.newSessions > 0 ? ["its session was not resumed"] : []),
      ...(who === "host" && ofFan.newPeers > 0 ? ["the fan connected anew"] : []),
    ];
    found.push(
      judged({
        name: `R7 ${path} ${browser}: the ${who} has another network`,
        goal: `a picture within ${seconds(GOAL_MS)}, the session resumed`,
        figure: `${seconds(backMs)}; new sessions ${anew.newSessions}, new sockets ${anew.newSockets}, new peer connections ${anew.newPeers}, new offers ${anew.newOffers}`,
        ok: lacks.length === 0,
        lacks: lacks.join(", "),
        ...{ backMs, frozenMs, ...anew, ofFan },
      }),
    );
    await rig.close();
  }
  return found;
}
