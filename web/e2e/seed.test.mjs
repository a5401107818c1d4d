import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { Chromium, Firefox } from "./lib/browsers.mjs";
import { firstFrame, untilMoving, untilSound } from "./lib/media.mjs";
import { SEED, serveDevelopment, serveProduction } from "./lib/seed-site.mjs";
import { Server } from "./lib/server.mjs";
import { comparePeer, received, rememberPeer } from "./lib/spy.mjs";
import { story } from "./lib/story.mjs";
import { until } from "./lib/until.mjs";

const BUILDS = [
  // StrictMode makes every memo twice, and the first one's socket is never closed.
  { name: "development build", serve: serveDevelopment, socketsPerPage: 2 },
  { name: "production build", serve: serveProduction, socketsPerPage: 1 },
];

let chromium;
let firefox;

before(async () => {
  [chromium, firefox] = await Promise.all([Chromium.launch(), Firefox.launch()]);
});
after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
});

test("the page holds every snippet byte for byte", async () => {
  const page = await readFile(path.join(SEED, "page.tsx"), "utf8");
  const names = await readdir(path.join(SEED, "snippets"));
  assert.equal(names.length, 6);
  for (const name of names) {
    const snippet = await readFile(path.join(SEED, "snippets", name), "utf8");
    assert.ok(page.includes(snippet), `${name} stands in the page otherwise than as written`);
  }
});

const loading = (page) => page.evaluate(() => document.querySelector("output").textContent);
const trackCount = (page) =>
  page.evaluate(() => document.querySelector("video").srcObject?.getTracks().length);

/** Presses the button and waits until the page is done with it. */
async function pressLive(page) {
  await page.click("button");
  await until(async () => (await loading(page)) === "idle", { what: "loading to end" });
}

/** Runs in a page: publishes the camera by hand, over a socket with a query. */
async function publishRaw({ url, key }) {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  const pc = new RTCPeerConnection();
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  const socket = new WebSocket(url);
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  await pc.setLocalDescription(await pc.createOffer());
  const { type, sdp } = pc.localDescription;
  socket.send(JSON.stringify({ type, sdp, key }));
  const answer = await new Promise((resolve) => {
    socket.addEventListener("message", ({ data }) => resolve(JSON.parse(data)), { once: true });
  });
  await pc.setRemoteDescription(answer);
}

for (const { name, serve, socketsPerPage } of BUILDS) {
  describe(name, () => {
    const chapter = story();
    const fans = {};
    let site;
    let server;
    let host;

    before(async () => {
      [server, site] = await Promise.all([Server.start(), serve()]);
    });
    after(async () => {
      await site?.stop();
      await server?.stop();
    });

    const open = (who, hash = "") => {
      const options = { name: who, spy: { port: server.port } };
      return (who === "Firefox" ? firefox : chromium).open(`${site.base}/${hash}`, options);
    };

    /** The host closes its page, and the server knows: who goes live before that finds the room taken. */
    const closeHost = async () => {
      await host.close();
      const rooms = async () => (await fetch(`http://localhost:${server.port}/api/rooms`)).json();
      await until(async () => (await rooms()).every(({ live }) => live !== "live"), {
        what: "the server to miss the host",
      });
    };

    /** All fans see new frames, on the connections they had, without having been asked anew. */
    const untilAllGoOn = async () => {
      const goesOn = async ([who, page]) => {
        await untilMoving(page, who);
        assert.deepEqual(await comparePeer(page), { same: true, newOffers: 0 }, who);
      };
      await Promise.all(Object.entries(fans).map(goesOn));
    };

    chapter("a fan that was there before the host sees and hears it", async (t) => {
      fans.early = await open("early");
      host = await open("host");
      const sockets = await host.evaluate(() => window.__seen.sockets.length);
      assert.equal(sockets, socketsPerPage);
      const pressedAt = Date.now();
      await pressLive(host);
      const { at } = await firstFrame(fans.early, "the early fan");
      await untilMoving(fans.early, "the early fan");
      await untilSound(fans.early, "the early fan");
      assert.equal(await trackCount(fans.early), 2);
      t.diagnostic(`early fan: first frame ${at - pressedAt} ms after the button`);
    });

    for (const who of ["late", "Firefox"]) {
      chapter(`a ${who} fan sees and hears it`, async (t) => {
        fans[who] = await open(who);
        const { sinceOpenedMs } = await firstFrame(fans[who], who);
        await untilMoving(fans[who], who);
        await untilSound(fans[who], who);
        assert.equal(await trackCount(fans[who]), 2);
        t.diagnostic(`${who} fan: first frame ${sinceOpenedMs} ms after opening the page`);
      });
    }

    chapter("a fan that answers with onLive(m) sees the host and sends nothing", async () => {
      fans.camera = await open("camera", "#camera");
      const page = fans.camera;
      await untilMoving(page, "the fan with a camera");
      assert.equal(await loading(page), "idle");
      const state = await page.evaluate(() => {
        const pc = window.__seen.peers.find((peer) => peer.connectionState === "connected");
        const shown = document.querySelector("video").srcObject.getTracks();
        // Its own tracks wait in two more transceivers, which no description names.
        const named = pc.getTransceivers().filter(({ mid }) => mid !== null);
        return {
          directions: named.map(({ currentDirection }) => currentDirection),
          showsHost: shown.every((track) => pc.getReceivers().some((r) => r.track === track)),
          shown: shown.length,
        };
      });
      assert.deepEqual(state, { directions: ["recvonly", "recvonly"], showsHost: true, shown: 2 });
    });

    chapter("a second host is refused with host_taken, which its page logs", async () => {
      for (const page of Object.values(fans)) await rememberPeer(page);
      const second = await open("second host");
      const logged = [];
      second.on("console", (message) => logged.push(message.args()[0]?.evaluate((e) => e.data)));
      // As a person would: the page shows the live room first. Pressed in the very moment in which the
      // server's offer arrives, the page's two negotiations would meet in its one connection.
      await untilMoving(second, "the second host, a fan so far");
      await pressLive(second);
      await until(async () => (await received(second)).some(({ code }) => code === "host_taken"), {
        what: "host_taken",
      });
      const texts = await Promise.all(logged);
      assert.ok(texts.some((text) => text?.includes('"host_taken"')));
      await second.close();
      await untilAllGoOn();
    });

    chapter("the host's second click disturbs nobody", async () => {
      await pressLive(host);
      await untilAllGoOn();
    });

    chapter("the host loads its page anew and the fans go on where they are", async (t) => {
      await host.reload();
      const at = Date.now();
      await pressLive(host);
      await untilAllGoOn();
      t.diagnostic(`all fans play ${Date.now() - at} ms after the button`);
    });

    chapter("the host's tab is closed, another is opened and the fans go on", async () => {
      await closeHost();
      host = await open("host");
      await pressLive(host);
      await untilAllGoOn();
    });

    // Firefox begins no new DTLS association within a connection: its fan loads the page anew to go live.
    chapter("the host leaves, and a fan goes live on the connection it watched with", async () => {
      await closeHost();
      host = fans.late;
      delete fans.late;
      await pressLive(host);
      await untilAllGoOn();
    });

    chapter(
      "a host with a key is followed by one with the same key, and the fans go on",
      async () => {
        await closeHost();
        const url = `ws://localhost:${server.port}/ws`;
        const openHost = async (who) => {
          const page = await chromium.open(`${site.base}/blank`, { name: who });
          await page.evaluate(publishRaw, { url, key: "only-mine" });
          return page;
        };
        host = await openHost("first with the key");
        await untilAllGoOn();
        const next = await openHost("second with the key");
        await until(() => host.evaluate(() => window.__seen.sockets[0].closed === 4409), {
          what: "the first host to be told that its place was taken",
        });
        await host.close();
        host = next;
        await untilAllGoOn();
      },
    );

    chapter("the server said nothing that the page did not ask for", async () => {
      for (const [who, page] of [...Object.entries(fans), ["host", host]]) {
        for (const message of await received(page)) {
          assert.match(message.type, /^(offer|answer|error)$/, who);
          if (message.type !== "error") continue;
          // The socket that StrictMode left behind has nobody who would answer.
          assert.equal(message.code, "answer_timeout", `${who}: ${JSON.stringify(message)}`);
          assert.equal(socketsPerPage, 2, who);
        }
        await page.close();
      }
      chromium.checkFaults();
    });
  });
}
