import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, Chromium, Firefox } from "./lib/browsers.mjs";
import { firstFrame, readMedia, untilMoving, untilSound } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { comparePeer, rememberPeer } from "./lib/spy.mjs";
import { story } from "./lib/story.mjs";
import { endLive, fanState, goLive, hostState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
let server;
let chromium;
let firefox;
/** The host and its fans: each test goes on where the one before left off. */
const pages = {};
let pressedAt;

before(async () => {
  [server, chromium, firefox] = await Promise.all([
    Server.start(),
    Chromium.launch(),
    Firefox.launch(),
  ]);
});
after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
  await server?.stop();
});

const watchUrl = () => `${server.base}/r/default`;

async function untilViewers(n) {
  const read = () =>
    pages.host.evaluate(
      (id) => document.querySelector(id)?.dataset.count,
      byTestId("viewer-count"),
    );
  let shown;
  await until(
    async () => {
      shown = await read();
      return shown === String(n);
    },
    { what: () => `the host to be shown ${n} viewers; it says ${shown}` },
  );
}

chapter("a fan that waits sees the picture when the host goes live", async (t) => {
  pages.early = await chromium.open(watchUrl(), { name: "early fan" });
  await fanState(pages.early, "waiting");
  pages.host = await chromium.open(`${server.base}/host`, { name: "host" });
  pressedAt = await goLive(pages.host);
  const { at } = await firstFrame(pages.early, "the early fan");
  await fanState(pages.early, "live");
  await untilMoving(pages.early, "the early fan");
  t.diagnostic(`early fan: first frame ${at - pressedAt} ms after the host pressed the button`);
});

chapter("a fan that comes late sees the picture", async (t) => {
  pages.late = await chromium.open(watchUrl(), { name: "late fan" });
  const { sinceOpenedMs } = await firstFrame(pages.late, "the late fan");
  await fanState(pages.late, "live");
  await untilMoving(pages.late, "the late fan");
  t.diagnostic(`late fan: first frame ${sinceOpenedMs} ms after opening the page`);
});

chapter("a fan with Firefox sees the picture", async (t) => {
  pages.firefox = await firefox.open(watchUrl());
  const { sinceOpenedMs } = await firstFrame(pages.firefox, "the Firefox fan");
  await fanState(pages.firefox, "live");
  const { codec } = await untilMoving(pages.firefox, "the Firefox fan");
  t.diagnostic(`Firefox fan: first frame ${sinceOpenedMs} ms after opening the page, ${codec}`);
});

for (const name of ["early", "late", "firefox"]) {
  chapter(`the ${name} fan hears the host after one click`, async () => {
    const page = pages[name];
    assert.equal(await page.evaluate(() => document.querySelector("video").muted), true);
    await page.click(byTestId("unmute"));
    await until(() => page.evaluate(() => !document.querySelector("video").muted), {
      what: "the video to be unmuted",
    });
    await untilSound(page, `the ${name} fan`);
  });
}

chapter("the host is shown how many are watching", async () => {
  await untilViewers(3);
});

chapter("media is encrypted with DTLS 1.2 or later and an AEAD profile", async (t) => {
  for (const name of ["host", "late", "firefox"]) {
    const { transport } = await readMedia(pages[name]);
    t.diagnostic(`${name}: ${JSON.stringify(transport)}`);
    // Firefox has no such statistics.
    if (name === "firefox" && !transport?.srtpCipher) continue;
    assert.match(transport.srtpCipher, /^(SRTP_)?AEAD_AES_/);
    // TLS writes 1.2 as 3.3; DTLS as FEFD, its complement, and 1.3 as FEFC.
    assert.match(transport.tlsVersion, /^FEF[DC]$/i);
  }
});

chapter("the fans are told that the host ended it", async () => {
  for (const name of ["early", "late", "firefox"]) await rememberPeer(pages[name]);
  await endLive(pages.host);
  for (const name of ["early", "late", "firefox"]) await fanState(pages[name], "ended");
});

chapter("going live again plays by itself, on the connections that are there", async (t) => {
  await pages.host.click(byTestId("go-again"));
  await pages.host.waitForSelector(byTestId("go-live"));
  const at = Date.now();
  await pages.host.click(byTestId("go-live"));
  await hostState(pages.host, "live");
  for (const name of ["early", "late", "firefox"]) {
    await fanState(pages[name], "live");
    await untilMoving(pages[name], `the ${name} fan`);
    assert.deepEqual(await comparePeer(pages[name]), { same: true, newOffers: 0 }, name);
  }
  t.diagnostic(`all three play ${Date.now() - at} ms after the host pressed the button again`);
});

chapter("the count falls when a fan leaves", async () => {
  await pages.late.close();
  await untilViewers(2);
  chromium.checkFaults();
});
