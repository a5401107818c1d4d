// Behind the proxies of docs/operate.md, as it configures them: at a host name of their own, and below a path of one.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { parse } from "yaml";
import { byTestId, Chromium, FAKE_DEVICES } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { fencedBlocks, HttpsProxy } from "./lib/proxies.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, hostState, openCamera, openInvite } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";
import { ask, look, speakWhipWhep } from "./lib/whip-whep.mjs";

const KEY = "right-key-of-the-test";
const SDP = { "content-type": "application/sdp" };
/** The answer to one that is none, from who may publish. */
const BAD_DESCRIPTION = 422;
/** Where the stranger comes from: an address that nobody else here has. */
const STRANGER = "127.0.0.99";

const caddy = await fencedBlocks("operate.md", "caddyfile");
const nginx = await fencedBlocks("operate.md", "nginx");
const [nginxRoot, nginxPath] = nginx;
const takesAway = nginxPath.replace(
  "proxy_pass http://127.0.0.1:3000;",
  "proxy_pass http://127.0.0.1:3000/;",
);

const CASES = [
  ["Caddy", "", (server) => HttpsProxy.caddy(caddy[0], server)],
  ["Caddy that passes a path on", "/live", (server) => HttpsProxy.caddy(caddy[1], server)],
  ["Caddy that takes a path away", "/live", (server) => HttpsProxy.caddy(caddy[2], server)],
  ["nginx", "", (server) => HttpsProxy.nginx(nginxRoot, server)],
  ["nginx that passes a path on", "/live", (server) => HttpsProxy.nginx(nginxPath, server)],
  ["nginx that takes a path away", "/live", (server) => HttpsProxy.nginx(takesAway, server)],
];

for (const [name, path, start] of CASES) {
  describe(`behind ${name}`, () => {
    const chapter = story();
    let server;
    let proxy;
    let chromium;
    let host;
    let fan;
    let publisher;
    let player;

    before(async () => {
      const hosts = ["--allow-host", path ? "www.example.com" : "live.example.com"];
      const base = path ? ["--base-path", path] : [];
      // This machine may publish without a key: a proxy on it must not give that right to others.
      const args = [...hosts, ...base, "--publish-open", "loopback"];
      server = await Server.start({ args, env: { KAIBO_PUBLISH_KEY: KEY } });
      proxy = await start(server);
      chromium = await Chromium.launch([...FAKE_DEVICES, proxy.flag]);
    });
    after(async () => {
      await chromium?.close();
      await proxy?.stop();
      await server?.stop();
    });

    const at = (pathname) => proxy.base + path + pathname;
    const open = (url, options) => chromium.open(url, { ignoreHTTPSErrors: true, ...options });

    chapter("a stranger may not publish, and is told apart by its address", async () => {
      for (const pathname of ["/whip", "/whip/studio", "/api/whip/studio"]) {
        const request = { headers: SDP, body: "v=0", from: STRANGER };
        const refused = await proxy.ask("POST", path + pathname, request);
        assert.deepEqual(
          [refused.status, JSON.parse(refused.body).code],
          [401, "auth_required"],
          pathname,
        );
      }
      // Nor by the name that programs of this machine use. A right would be told by what is wrong with "v=0".
      const own = { headers: { ...SDP, host: `localhost:${server.port}` }, body: "v=0" };
      assert.notEqual((await proxy.ask("POST", `${path}/whip`, own)).status, BAD_DESCRIPTION);
      assert.match(server.log, new RegExp(`publisher refused .*ip=${STRANGER} .*auth_required`));
    });

    chapter("this machine itself may", async () => {
      const own = `http://localhost:${server.port}/whip/studio`;
      const answer = await fetch(own, { method: "POST", headers: SDP, body: "v=0" });
      assert.equal(answer.status, BAD_DESCRIPTION, "the right was given");
    });

    chapter("the host page asks for the key, and goes live", async () => {
      host = await open(at("/host?room=studio"), { name: "host" });
      await openCamera(host);
      await host.click(byTestId("go-live"));
      const field = host.locator(byTestId("publish-key"));
      await field.fill(KEY);
      await field.press("Enter");
      await hostState(host, "live");
      await openInvite(host);
      const link = await host.locator(byTestId("share-link")).getAttribute("href");
      assert.equal(link, at("/r/studio"));
    });

    chapter("a fan comes from the home page, and sees the picture", async () => {
      fan = await open(at("/"), { name: "fan" });
      await fan.click(`a[href="${path}/r/studio"]`);
      assert.equal(fan.url(), at("/r/studio"));
      await fanState(fan, "live");
      await untilMoving(fan, "the fan");
    });

    chapter("the address of a room is found again, and Back leads home", async () => {
      await fan.goBack();
      await fan.waitForSelector(`a[href="${path}/r/studio"]`);
      await fan.goForward();
      await fan.reload();
      assert.equal(fan.url(), at("/r/studio"));
      await untilMoving(fan, "the fan");
      await fan.close();
      await host.close();
    });

    chapter("a page publishes by WHIP, and another plays it by WHEP", async () => {
      const bare = { scripts: [[speakWhipWhep]] };
      publisher = await open(at("/"), { name: "publisher", ...bare });
      player = await open(at("/"), { name: "player", ...bare });
      await player.evaluate(() => document.body.append(document.createElement("video")));
      await player.evaluate(() =>
        Object.assign(document.querySelector("video"), { autoplay: true }),
      );
      await ask(publisher, "authorize", KEY);
      await ask(publisher, "publish", at("/whip/encoder"));
      const session = new URL(await look(publisher, "url"));
      assert.ok(session.pathname.startsWith(`${path}/whip/encoder/`), session.pathname);
      const rooms = async () => JSON.parse((await proxy.ask("GET", `${path}/api/rooms`)).body);
      await until(async () => (await rooms()).some((it) => it.room === "encoder"), {
        what: "the room to be listed",
      });
      await ask(player, "watch", at("/whep/encoder"));
      await untilMoving(player, "the player");
    });

    chapter("the player hears at once that the broadcast ended", async () => {
      await ask(player, "listen", ["inactive"]);
      await ask(publisher, "end");
      await until(async () => (await look(player, "told")).includes("inactive"), {
        what: "the event",
        // A proxy that gathers events would hold it back until there are more.
        withinMs: 5_000,
      });
      await ask(player, "end");
      const statuses = (await look(player, "requests")).map(({ status }) => status);
      assert.ok(
        statuses.every((status) => status < 300),
        `${statuses}`,
      );
    });
  });
}

test("the configurations of Traefik can be read, and lead to the same server", async () => {
  const blocks = await fencedBlocks("operate.md", "yaml");
  const rules = blocks.map((block) => {
    const { http } = parse(block);
    const { rule, service, tls, entryPoints } = http.routers.kaibo;
    assert.ok(tls.certResolver && entryPoints.length === 1);
    assert.deepEqual(http.services[service].loadBalancer.servers, [
      { url: "http://127.0.0.1:3000" },
    ]);
    return rule;
  });
  const path = "Host(`www.example.com`) && PathPrefix(`/live`)";
  assert.deepEqual(rules, ["Host(`live.example.com`)", path]);
});
