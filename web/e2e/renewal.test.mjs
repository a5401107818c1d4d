/* A certificate that is replaced while people watch: they notice nothing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import tls from "node:tls";
import { Chromium } from "./lib/browsers.mjs";
import { Crowd } from "./lib/crowd.mjs";
import { untilMoving } from "./lib/media.mjs";
import { certify } from "./lib/proxies.mjs";
import { Server } from "./lib/server.mjs";
import { comparePeer, rememberPeer } from "./lib/spy.mjs";
import { goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const VIEWERS = 200;

let folder;
let server;
let chromium;
let crowd;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "kaibo-renewal-"));
  const [certificate, key] = await certify(folder, "localhost");
  // All viewers come from this machine, through the tunnel of the crowd.
  const open = ["--publish-open", "all", "--trust-network", "127.0.0.0/8"];
  const args = ["--tls-cert", certificate, "--tls-key", key, ...open];
  [server, chromium] = await Promise.all([Server.start({ args }), Chromium.launch()]);
});
after(async () => {
  await crowd?.stop();
  await chromium?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What tells the certificate that a new connection is shown. */
async function shown() {
  const socket = tls.connect({ port: server.port, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

/** As the programs do that renew certificates: new files in the place of the old ones, and a signal. */
async function renew() {
  const next = path.join(folder, "next");
  await mkdir(next);
  for (const file of await certify(next, "localhost")) {
    await rename(file, path.join(folder, path.basename(file)));
  }
  server.signal("SIGHUP");
}

test(`of ${VIEWERS} viewers none loses its socket or its media to a new certificate`, async () => {
  const open = (page, name) =>
    chromium.open(`https://localhost:${server.port}${page}`, { name, ignoreHTTPSErrors: true });
  const host = await open("/host", "host");
  await goLive(host);
  const fan = await open("/r/default", "fan");
  await untilMoving(fan, "the fan");
  await rememberPeer(fan);
  crowd = await Crowd.start({ to: { port: server.port }, viewers: VIEWERS, seconds: 6 });
  await crowd.untilIn();

  const before = await shown();
  await renew();
  await until(async () => (await shown()) !== before, {
    what: () => `the new certificate:\n${server.log}`,
  });
  assert.equal(crowd.open, VIEWERS + 1, "WebSockets right after the change, one of the publisher");

  await untilMoving(fan, "the fan");
  assert.deepEqual(await comparePeer(fan), { same: true, newOffers: 0 });
  for (const page of [host, fan]) {
    const closed = await page.evaluate(() => window.__seen.sockets.map((it) => it.closed));
    assert.deepEqual(closed, [null]);
  }
  const { joins, steady } = await crowd.report();
  assert.equal(crowd.lost, 0, "WebSockets that the server's side ended");
  assert.deepEqual(
    { ...joins, silent: steady.silent_viewers },
    { ...joins, succeeded: VIEWERS, failed: 0, gone: 0, silent: 0 },
  );
  await Promise.all([host.close(), fan.close()]);
});
