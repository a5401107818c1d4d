import { once } from "node:events";
import tls from "node:tls";
import { Authority } from "../lib/authority.mjs";
import { Chromium, FAKE_DEVICES } from "../lib/browsers.mjs";
import { Crowd } from "../lib/crowd.mjs";
import { firstFrame } from "../lib/media.mjs";
import { Network, SERVER } from "../lib/network.mjs";
import { binary, Server } from "../lib/server.mjs";
import { goLive } from "../lib/studio.mjs";
import { until } from "../lib/until.mjs";
import { fanReport } from "./figures.mjs";
import { readDescriptions, sampleFan, watchFrames } from "./in-page.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `A certificate of an ACME server that is renewed and replaced while many watch over wss. Caddy is the
authority; its shortest certificates are of 5 minutes, which are renewed after about 2. Needs Linux, its tools ip and nft,
and root. web/e2e/measure/README.md describes the report.`;

const TABLE = {
  viewers: { default: 200, min: 1, max: 2000, help: "synthetic viewers" },
  kbit: {
    default: 200,
    min: 50,
    max: 20_000,
    help: "bitrate that each of them watches, in kbit/s",
  },
  renewals: { default: 1, min: 1, max: 10, help: "renewals to watch" },
  json: { default: null, help: "file to write the report to" },
};

const NAME = "live.example.com";

const LIFETIME = "5m";
/** The half of the lifetime, with what the authority backdates. */
const RENEWED_WITHIN_MS = 200_000;
/** How long is watched after the last renewal. */
const AFTER_MS = 10_000;
const FREEZE_MS = 200;
const SETTLE_MS = 5_000;

async function measure(rig, options) {
  const network = await rig.own(Network.start("n", { hosts: { [NAME]: SERVER } }), (it) =>
    it.stop(),
  );
  const authority = await rig.own(Authority.start(network, { lifetime: LIFETIME }), (it) =>
    it.stop(),
  );
  const names = ["--domain", NAME, "--acme", authority.directory, "--acme-root", authority.root];
  // All come from one address, and by the name of their tunnel.
  const open = ["--publish-open", "all", "--trust-network", network.here, "--allow-host", "*"];
  const started = Server.start({
    program: await network.wrap(binary()),
    port: 443,
    args: [...names, ...open],
  });
  const server = await rig.own(started, (it) => it.stop());
  const issued = () => server.log.split("certificate issued").length - 1;
  const untilIssued = (n, withinMs) =>
    until(() => issued() >= n || rig.isAborted, {
      what: () => `certificate ${n} of ${NAME}:\n${server.log}`,
      withinMs,
    });
  await untilIssued(1, 60_000);
  say("the first certificate is there");

  const flags = [...FAKE_DEVICES, `--host-resolver-rules=MAP ${NAME} ${network.address}`];
  const launched = Chromium.launch(flags, { ownSignals: true, isHere: false });
  const chromium = await rig.own(launched, (it) => it.close());
  const show = (page, name, scripts = []) =>
    chromium.open(`https://${NAME}${page}`, { name, scripts, ignoreHTTPSErrors: true });
  const host = await show("/host", "host");
  await goLive(host);
  const fan = await show("/r/default", "fan", [[watchFrames, { gapMs: FREEZE_MS }]]);
  await firstFrame(fan, "the fan");
  const seconds = Math.round((options.renewals * RENEWED_WITHIN_MS + AFTER_MS) / 1_000);
  const to = { host: network.address, port: 443, servername: NAME };
  const { viewers, kbit } = options;
  const synthetic = Crowd.start({ to, viewers, kbit, seconds, from: network.here });
  const crowd = await rig.own(synthetic, (it) => it.stop());
  await crowd.untilIn();
  say(`${viewers} viewers are in, ${crowd.open} WebSockets`);

  const samples = [await fan.evaluate(sampleFan)];
  const before = { fingerprint: await shown(to), issued: issued(), at: performance.now() };
  await untilIssued(before.issued + options.renewals, options.renewals * RENEWED_WITHIN_MS);
  const renewedAfterS = Math.round((performance.now() - before.at) / 1_000);
  const atSwap = { open: crowd.open, lost: crowd.lost };
  say(`renewed after ${renewedAfterS} s; ${atSwap.open} WebSockets are open`);
  const after = await shown(to);
  const from = await fan.evaluate(sampleFan);
  await rig.sleepUntil(performance.now() + AFTER_MS);
  samples.push(await fan.evaluate(sampleFan));
  const descriptions = await fan.evaluate(readDescriptions);
  const watched = fanReport({ samples, settleMs: SETTLE_MS, descriptions });
  const closed = await Promise.all(
    [host, fan].map((page) =>
      page.evaluate(() => window.__seen.sockets.filter((it) => it.closed !== null).length),
    ),
  );
  const report = {
    options,
    machine: rig.machine(),
    renewedAfterS,
    isNewShown: after !== before.fingerprint,
    sockets: { atSwap, open: crowd.open, lost: crowd.lost },
    pages: {
      closedSockets: closed[0] + closed[1],
      framesAfter: samples.at(-1).frames.shown - from.frames.shown,
      freezes: watched.freezes,
      connections: watched.connections,
    },
  };
  await Promise.all([host.close(), fan.close()]);
  return { report, failed: shortcomings(report, options) };
}

/** What tells the certificate that a new connection is shown. */
async function shown(to) {
  const socket = tls.connect({ ...to, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

function shortcomings({ isNewShown, sockets, pages }, { viewers }) {
  const failed = [];
  const must = (holds, what) => {
    if (!holds) failed.push(what);
  };
  must(isNewShown, "new connections are shown the old certificate");
  must(sockets.lost === 0, `${sockets.lost} WebSockets were lost`);
  must(sockets.open === viewers + 1, `${sockets.open} WebSockets are open of ${viewers + 1}`);
  must(pages.closedSockets === 0, "a page lost its WebSocket");
  must(pages.framesAfter > 0, "the fan's page shows no more frames");
  must(pages.connections.peers === 1, "the fan's page connected anew");
  return failed;
}

function describe({ renewedAfterS, sockets, pages, machine, options }) {
  const { freezes } = pages;
  return [
    `${options.renewals} renewed after ${renewedAfterS} s, with ${sockets.atSwap.open} WebSockets of ${options.viewers} viewers and their publisher`,
    `  ${sockets.lost} WebSockets lost, ${sockets.open} open ${AFTER_MS / 1_000} s later`,
    `  pages: ${pages.closedSockets} WebSockets lost; the fan's showed ${pages.framesAfter} frames in these seconds; freezes over 200 ms from its sixth second on: ${freezes.gaps} (longest ${freezes.longestMs} ms)`,
    `machine: ${machine.cpus} cores, load ${machine.load1}`,
  ].join("\n");
}

await main({
  summary: SUMMARY,
  table: TABLE,
  limitMs: ({ renewals }) => 180_000 + renewals * RENEWED_WITHIN_MS,
  measure,
  describe,
});
