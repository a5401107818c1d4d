/* Networks that let little through: HTTPS under a certificate of the server's own, and media without UDP. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, CHROMIUM, Chromium, FAKE_DEVICES } from "./lib/browsers.mjs";
import { inspect } from "./lib/look.mjs";
import { firstFrame, untilMoving } from "./lib/media.mjs";
import { scanQr } from "./lib/qr.mjs";
import { Reach, selectedPath } from "./lib/reach.mjs";
import { story } from "./lib/story.mjs";
import { closeDialog, endLive, fanState, goLive, openInvite } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
let reach;
const at = (...args) => reach.at(...args);

before(async () => {
  reach = await Reach.start("r");
});
after(() => reach?.stop());

async function untilPath(page, expected) {
  let now = null;
  await until(
    async () => {
      now = await selectedPath(page);
      return now !== null && Object.entries(expected).every(([key, value]) => now[key] === value);
    },
    { what: () => `a path with ${JSON.stringify(expected)}; it is ${JSON.stringify(now)}` },
  );
}

for (const name of ["chromium", "firefox"]) {
  chapter(`without UDP, a host and a fan in ${name} play over TCP`, async (t) => {
    const { chromium, [name]: browser } = reach;
    const host = await chromium.open(at("/host"), { name: "host", ignoreHTTPSErrors: false });
    await goLive(host);
    await untilPath(host, { protocol: "tcp" });
    const fan = await browser.open(at("/r/default", reach.hostFor(browser)), { name: "fan" });
    const { sinceOpenedMs } = await firstFrame(fan, `the ${name} fan`);
    await fanState(fan, "live");
    await untilMoving(fan, `the ${name} fan`);
    await untilPath(fan, { protocol: "tcp" });
    t.diagnostic(`${name}: first frame ${sinceOpenedMs} ms after opening the page`);
    await endLive(host);
    await Promise.all([host.close(), fan.close()]);
  });
}

for (const name of ["chromium", "firefox"]) {
  chapter(`where only TLS passes, a host and a fan in ${name} play by the detour`, async (t) => {
    await reach.network.firewall("tls", reach.server.port);
    const { chromium, [name]: browser } = reach;
    const host = await chromium.open(at("/host"), { name: "host" });
    await goLive(host);
    // The firewall drops all UDP: what goes over UDP goes from the server's own TURN to its media port.
    await untilPath(host, { protocol: "udp" });
    const fan = await browser.open(at("/r/default", reach.hostFor(browser)), { name: "fan" });
    const { sinceOpenedMs } = await firstFrame(fan, `the ${name} fan`);
    await fanState(fan, "live");
    await untilMoving(fan, `the ${name} fan`);
    await untilPath(fan, { protocol: "udp" });
    t.diagnostic(`${name}: first frame ${sinceOpenedMs} ms after opening the page`);
    await endLive(host);
    await Promise.all([host.close(), fan.close()]);
  });
}

chapter(
  "by the server's address, which Firefox takes no detour by, its fan is told to use the name",
  async (t) => {
    const { chromium, firefox } = reach;
    const host = await chromium.open(at("/host"), { name: "host" });
    await goLive(host);
    const from = performance.now();
    const fan = await firefox.open(at("/r/default"), { name: "fan" });
    let told = "";
    await until(
      async () => {
        told = await fan.evaluate(() => document.querySelector("main")?.innerText ?? "");
        return /by the name|请用名称打开/.test(told);
      },
      { what: () => `a sentence that names the way; the page says: ${told}` },
    );
    t.diagnostic(`told ${Math.round(performance.now() - from)} ms after opening the page`);
    await endLive(host);
    await Promise.all([host.close(), fan.close()]);
  },
);

chapter("the page that teaches devices to trust the server is there before they do", async () => {
  const { chromium, network, server } = reach;
  await network.firewall("open");
  const plain = await chromium.open(`http://${network.address}:${server.port}/trust`, {
    name: "trust",
  });
  await plain.waitForSelector('[data-testid="trust-here"]');
  const here = await plain.textContent('[data-testid="trust-here"]');
  assert.equal(here, `http://${network.address}:${server.port}/trust`);
  await plain.close();
  const led = await chromium.open(`http://${network.address}:${server.port}/r/default`, {
    name: "led to https",
  });
  assert.equal(new URL(led.url()).protocol, "https:");
  await led.close();
});

chapter("over HTTPS every page is accessible, and its policy refuses nothing of it", async () => {
  const { chromium } = reach;
  const host = await chromium.open(at("/host?room=look"), { name: "host" });
  await goLive(host);
  const fan = await chromium.open(at("/r/look"), { name: "fan" });
  await untilMoving(fan, "the fan");
  const trust = await chromium.open(at("/trust"), { name: "trust" });
  await trust.waitForSelector(byTestId("trust-here"));
  for (const [name, page] of Object.entries({ host, fan, trust })) {
    assert.equal(new URL(page.url()).protocol, "https:");
    await inspect(page, `${name}-https`);
  }
  await endLive(host);
  for (const page of [host, fan, trust]) await page.close();
  chromium.checkFaults();
});

/** The page whose QR codes are scanned may be opened by the server's own address, or on the server's machine. */
async function scan(browser, origin) {
  const host = await browser.open(`${origin}/host?room=scan`, { name: "host" });
  await goLive(host);
  await openInvite(host);
  await host.click('dialog button[aria-expanded="false"]:has-text("二维码")');
  const watch = await scanQr(host);
  await closeDialog(host);
  const trust = await browser.open(`${origin}/trust`, { name: "trust" });
  const teach = await scanQr(trust);
  await endLive(host);
  await Promise.all([host.close(), trust.close()]);
  return { watch, teach };
}

chapter("a phone that scans a QR code is led to the server's address in the network", async () => {
  const { chromium, home, network, server } = reach;
  const codes = {
    watch: at("/r/scan"),
    teach: `http://${network.address}:${server.port}/trust`,
  };
  assert.deepEqual(await scan(chromium, at("")), codes);
  const program = await network.wrap(CHROMIUM);
  const local = await Chromium.launch(FAKE_DEVICES, { home, program });
  try {
    assert.deepEqual(await scan(local, `https://localhost:${server.port}`), codes);
  } finally {
    await local.close();
  }
});
