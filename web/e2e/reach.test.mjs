/* Networks that let little through: HTTPS under a certificate of the server's own, and media without UDP. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { after, before } from "node:test";
import { byTestId, CHROMIUM, Chromium, FAKE_DEVICES, Firefox } from "./lib/browsers.mjs";
import { inspect } from "./lib/look.mjs";
import { firstFrame, untilMoving } from "./lib/media.mjs";
import { Network, trustIn } from "./lib/network.mjs";
import { scanQr } from "./lib/qr.mjs";
import { binary, Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { endLive, fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
let server;
let network;
let home;
let chromium;
let firefox;

before(async () => {
  home = await mkdtemp(path.join(tmpdir(), "kaibo-home-"));
  network = await Network.start("r");
  const program = await network.wrap(binary());
  server = await Server.start({ program, args: ["--tls", "local", "--publish-open", "all"] });
  const authority = path.join(server.dataDir, "tls/local-authority.pem");
  const nssdb = path.join(home, ".pki/nssdb");
  await mkdir(nssdb, { recursive: true });
  const profile = path.join(home, "firefox");
  await mkdir(profile);
  await Promise.all([trustIn(nssdb, authority), trustIn(profile, authority)]);
  await network.firewall("tcp");
  chromium = await Chromium.launch(FAKE_DEVICES, { home });
  // For TURN over TLS Firefox wants a name, not an address. Every name is the server's here.
  const prefs = { "network.dns.forceResolve": network.address };
  firefox = await Firefox.launch({ prefs, userDataDir: profile });
});
after(async () => {
  const closed = await Promise.allSettled([chromium?.close(), firefox?.close()]);
  const stopped = await Promise.allSettled([server?.stop()]);
  await network?.stop();
  if (home) await rm(home, { recursive: true, force: true });
  const failed = [...closed, ...stopped].find((it) => it.status === "rejected");
  if (failed) throw failed.reason;
});

const at = (page, name = network.address) => `https://${name}:${server.port}${page}`;
/** A name of this machine, which its certificate has. */
const NAME = `${hostname().split(".")[0].toLowerCase()}.local`;
const fanUrl = (browser) => at("/r/default", browser === firefox ? NAME : undefined);

/** The protocol of the path that a page's media takes, and the kind of its own candidate. */
function selectedPath(page) {
  return page.evaluate(async () => {
    for (const pc of window.__seen.peers) {
      const report = await pc.getStats();
      for (const stat of report.values()) {
        const isChosen =
          stat.type === "candidate-pair" && stat.nominated && stat.state === "succeeded";
        if (!isChosen || !(stat.bytesReceived > 0 || stat.bytesSent > 0)) continue;
        const local = report.get(stat.localCandidateId);
        return { protocol: local?.protocol, type: local?.candidateType };
      }
    }
    return null;
  });
}

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
    const browser = name === "chromium" ? chromium : firefox;
    const host = await chromium.open(at("/host"), { name: "host", ignoreHTTPSErrors: false });
    await goLive(host);
    await untilPath(host, { protocol: "tcp" });
    const fan = await browser.open(fanUrl(browser), { name: "fan" });
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
    await network.firewall("tls", server.port);
    const browser = name === "chromium" ? chromium : firefox;
    const host = await chromium.open(at("/host"), { name: "host" });
    await goLive(host);
    // The firewall drops all UDP: what goes over UDP goes from the server's own TURN to its media port.
    await untilPath(host, { protocol: "udp" });
    const fan = await browser.open(fanUrl(browser), { name: "fan" });
    const { sinceOpenedMs } = await firstFrame(fan, `the ${name} fan`);
    await fanState(fan, "live");
    await untilMoving(fan, `the ${name} fan`);
    await untilPath(fan, { protocol: "udp" });
    t.diagnostic(`${name}: first frame ${sinceOpenedMs} ms after opening the page`);
    await endLive(host);
    await Promise.all([host.close(), fan.close()]);
  });
}

chapter("the page that teaches devices to trust the server is there before they do", async () => {
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
  await host.click('button[aria-expanded="false"]:has-text("二维码")');
  const watch = await scanQr(host);
  const trust = await browser.open(`${origin}/trust`, { name: "trust" });
  const teach = await scanQr(trust);
  await endLive(host);
  await Promise.all([host.close(), trust.close()]);
  return { watch, teach };
}

chapter("a phone that scans a QR code is led to the server's address in the network", async () => {
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
