// Programs on libdatachannel publish and play.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Chromium } from "./lib/browsers.mjs";
import { cleanUp, Player, Publisher } from "./lib/libdatachannel.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

describe("libdatachannel", () => {
  let server;
  let chromium;
  const sessions = [];

  before(async () => {
    [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
  });
  after(async () => {
    await Promise.all(sessions.map((it) => it.stop()));
    await chromium?.close();
    await server?.stop();
    cleanUp();
  });

  const keep = (session) => {
    sessions.push(session);
    return session;
  };

  test("the answer to its broadcast agrees on NACK, and a fan and a player see it", async () => {
    const publisher = keep(await Publisher.start(`${server.base}/whip/native`));
    assert.match(publisher.answer, /a=rtcp-fb:96 nack\r\n/);
    const fan = await chromium.open(`${server.base}/r/native`, { name: "fan" });
    await fanState(fan, "live");
    await untilMoving(fan, "the fan");
    const player = keep(await Player.start(`${server.base}/whep/native`));
    await until(() => player.frames > 60, { what: "two seconds of frames to come to the player" });
    await fan.close();
  });

  test("every player of a browser's broadcast gets packets", async () => {
    const host = await chromium.open(`${server.base}/host?room=page`, { name: "host" });
    await goLive(host);
    const rooms = async () => (await fetch(`${server.base}/api/rooms`)).json();
    const isLive = (it) => it.room === "page" && it.live === "live";
    await until(async () => (await rooms()).some(isLive), { what: "the room to be live" });
    const players = await Promise.all(
      Array.from({ length: 12 }, () => Player.start(`${server.base}/whep/page`)),
    );
    players.forEach(keep);
    const waiting = () => players.filter((it) => it.frames < 20).length;
    await until(() => waiting() === 0, {
      what: "each of twelve players to get a second of frames",
    });
    await host.close();
  });
});
