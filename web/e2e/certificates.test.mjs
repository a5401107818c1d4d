// Browsers whose pages want another certificate than the ordinary one, with a key on P-256.
import { after, before, describe, test } from "node:test";
import { Chromium, Firefox } from "./lib/browsers.mjs";
import { Server } from "./lib/server.mjs";
import { until } from "./lib/until.mjs";
import { ask, Site, speakWhipWhep, untilPlayed } from "./lib/whip-whep.mjs";

const BROWSERS = { chromium: Chromium, firefox: Firefox };
const CASES = [
  ["chromium", "RSA"],
  ["firefox", "RSA"],
  ["firefox", "P-384"],
  ["firefox", "P-521"],
];

describe("certificates", () => {
  let server;
  let site;
  const browsers = {};

  before(async () => {
    [server, site, browsers.chromium, browsers.firefox] = await Promise.all([
      Server.start(),
      Site.start(),
      ...Object.values(BROWSERS).map((it) => it.launch()),
    ]);
  });
  after(async () => {
    await Promise.all(Object.values(browsers).map((it) => it.close()));
    await Promise.all([server?.stop(), site?.stop()]);
  });

  const isLive = async (room) => {
    const rooms = await (await fetch(`${server.base}/api/rooms`)).json();
    return rooms.some((it) => it.room === room && it.live === "live");
  };

  for (const [browser, key] of CASES) {
    test(`${browser} with a key of ${key} publishes and watches`, async () => {
      const room = `${browser}-${key.toLowerCase()}`;
      const open = async (name) => {
        const page = await browsers[browser].open(site.base, { name, scripts: [[speakWhipWhep]] });
        await ask(page, "certify", key);
        return page;
      };
      const [host, player] = [await open("host"), await open("player")];
      await ask(host, "publish", `${server.base}/whip/${room}`);
      await until(() => isLive(room), { what: "the room to be live" });
      const isConnected = () =>
        player.evaluate(() =>
          ["connected", "failed"].includes(window.__session.pc.connectionState),
        );
      const state = () => player.evaluate(() => window.__session.pc.connectionState);
      // A browser that watches with an RSA key is met at its second attempt: docs/whip-whep.md.
      for (let attempt = 0; attempt < (key === "RSA" ? 2 : 1); attempt += 1) {
        await ask(player, "watch", `${server.base}/whep/${room}`);
        await until(isConnected, { what: "the player to connect or to fail", withinMs: 25_000 });
        if ((await state()) === "connected") break;
      }
      await untilPlayed(player, `${browser} with ${key}`, 2);
      await Promise.all([host.close(), player.close()]);
    });
  }
});
