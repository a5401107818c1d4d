import { byTestId, CHROMIUM, Chromium, FAKE_DEVICES, Firefox } from "../lib/browsers.mjs";
import { Server } from "../lib/server.mjs";
import { fanState, goLive } from "../lib/studio.mjs";
import { until } from "../lib/until.mjs";
import { readBaseline, worseThan } from "./baseline.mjs";
import { describe } from "./describe.mjs";
import {
  aheadMs,
  capShortcomings,
  fanReport,
  followed,
  marksReport,
  shortcomings,
  spread,
} from "./figures.mjs";
import { hostReport, hostShortcomings, shareOfSent, shareShortcomings } from "./host-figures.mjs";
import {
  offerNoRtx,
  readDescriptions,
  sampleFan,
  sampleHost,
  sendThrough,
  watchFrames,
} from "./in-page.mjs";
import { BURST_BYTES } from "./link.mjs";
import { pairMarks, readMarks, sendMarks, watchMarks } from "./marks.mjs";
import { Namespace } from "./namespace.mjs";
import { Relay } from "./relay.mjs";
import { main, say, UsageError } from "./rig.mjs";

const SUMMARY = `A host and two fans in real browsers: whether the video freezes, whether audio and video stay in sync,
and whether lost packets are retransmitted. web/e2e/measure/README.md describes the report.`;

const TABLE = {
  minutes: { default: 10, min: 0.2, max: 120, help: "duration of the measurement, in minutes" },
  fans: {
    default: "both",
    one: ["both", "chromium", "firefox"],
    help: "browsers of the fans: both, chromium or firefox",
  },
  loss: { default: 0, min: 0, max: 50, help: "loss between server and fans, each way, in percent" },
  "host-loss": {
    default: 0,
    min: 0,
    max: 50,
    help: "loss between host and server, each way, in percent",
  },
  "host-delay": {
    default: 0,
    min: 0,
    max: 500,
    help: "delay between host and server, each way, in ms",
  },
  "host-no-rtx": { default: false, help: "the host offers no RTX, like OBS" },
  baseline: {
    default: null,
    help: "report of the same run with RTX; fails if a fan freezes more often than there",
  },
  source: {
    default: "camera",
    one: ["camera", "marks"],
    help: "camera: Chromium's fake camera; marks: flashes and beeps",
  },
  seed: {
    default: 1,
    min: 0,
    max: 2 ** 31,
    help: "seed of the loss: the same seed loses the same datagrams",
  },
  cap: { default: null, min: 50, max: 1e6, help: "bitrate cap to each fan, in kbit/s" },
  "cap-from": { default: 20, min: 5, max: 7200, help: "start of the cap, in seconds" },
  "cap-for": { default: 20, min: 1, max: 7200, help: "duration of the cap, in seconds" },
  "cap-burst": {
    default: BURST_BYTES,
    min: 1_600,
    max: 1e6,
    help: "burst size of the cap, in bytes",
  },
  "cap-by": {
    default: "relay",
    one: ["relay", "tbf"],
    help: "relay: by this tool; tbf: by the kernel (Linux, root, --fans chromium)",
  },
  json: { default: null, help: "file to write the report to" },
};

/** A freeze is longer than this. */
const FREEZE_MS = 200;
/** After its first frame a fan is on the way to the layer that its network carries, and the host to its bit rate. */
const SETTLE_MS = 5_000;
const PROGRESS_S = 10;
/** Fans' seeds are 1000 apart. */
const HOST_SEED = 1_000_000;
/** For browsers to start and stop. */
const OVERHEAD_MS = 90_000;

async function measure(rig, options) {
  const capped = options.cap === null ? null : capOf(options);
  const baseline = options.baseline === null ? null : await readBaseline(options.baseline, options);
  const namespace = await namespaceFor(rig, options);
  const server = await rig.own(Server.start(), (it) => it.stop());
  const isNeeded = (name) => options.fans === "both" || options.fans === name;
  const launch = { ownSignals: true };
  const chromium = await rig.own(Chromium.launch(FAKE_DEVICES, launch), (it) => it.close());
  const firefox =
    isNeeded("firefox") && (await rig.own(Firefox.launch(launch), (it) => it.close()));

  const host = await openHost(rig, { browser: chromium, server, options });
  const fans = [];
  const browsers = { chromium, firefox };
  if (namespace) {
    const inside = { ...launch, program: await namespace.wrap(CHROMIUM) };
    browsers.chromium = await rig.own(Chromium.launch([], inside), (it) => it.close());
  }
  for (const [name, browser] of Object.entries(browsers)) {
    if (!isNeeded(name)) continue;
    fans.push(await openFan(rig, { name, browser, server, options, fans, namespace }));
  }

  const started = performance.now();
  const ticks = Math.round(options.minutes * 60);
  const caps = capped && [capped.fromS, capped.toS];
  for (let tick = 0; tick <= ticks; tick += 1) {
    await rig.sleepUntil(started + tick * 1000);
    if (caps?.includes(tick)) {
      const limit = tick === capped.fromS ? options.cap : null;
      for (const { link } of fans) await link.limit(limit);
      say(`${clock(tick)}  cap to the fans: ${limit ?? "none"} ${limit ? "kbit/s" : ""}`);
    }
    const toolWaitedMs = rig.waitedMs();
    await Promise.all([
      ...fans.map(async (fan) => {
        fan.samples.push({ ...(await fan.page.evaluate(sampleFan)), toolWaitedMs });
      }),
      host.page.evaluate(sampleHost).then((sample) => host.samples.push(sample)),
    ]);
    if (tick > 0 && tick % PROGRESS_S === 0) {
      say(`${clock(tick)}  ${[...fans.map(brief), briefHost(host)].join("  |  ")}`);
    }
  }

  const failed = [];
  const reports = {};
  const { loss, "host-loss": hostLoss, "host-no-rtx": isRtxOff } = options;
  const isCapped = capped !== null;
  const hostMarks =
    options.source === "marks" ? pairMarks(await host.page.evaluate(readMarks)) : null;
  for (const { name, page, link, samples } of fans) {
    const descriptions = await page.evaluate(readDescriptions);
    const wire = (await link?.counts()) ?? null;
    const settings = { settleMs: SETTLE_MS, wire, descriptions };
    const report = fanReport({ samples, ...settings });
    if (hostMarks) {
      const marks = await page.evaluate(readMarks);
      const seen = pairMarks(marks, report.settledAt);
      // What it cannot hear it cannot tell: that is no fault of the server's.
      report.marks = marks.hears ? marksReport(seen, hostMarks) : null;
    }
    failed.push(...shortcomings(name, report, { loss, hostLoss, isCapped }));
    report.ofSent = shareOfSent(samples, host.samples, report.settledAt);
    // A fan's own bad link may leave out frames.
    if (hostLoss > 0 && loss === 0 && !isCapped) {
      failed.push(...shareShortcomings(name, report.ofSent));
    }
    if (baseline) failed.push(...worseThan(name, report, baseline));
    if (capped) {
      report.capped = followed(report, capped);
      failed.push(...capShortcomings(name, report.capped));
    }
    reports[name] = report;
  }
  const ofHost = hostReport({
    samples: host.samples,
    settleMs: SETTLE_MS,
    wire: (await host.link?.counts()) ?? null,
    descriptions: await host.page.evaluate(readDescriptions),
  });
  failed.push(...hostShortcomings(ofHost, { hostLoss, isRtxOff }));
  ofHost.marksMs = hostMarks && spread(hostMarks);
  const report = { options, machine: rig.machine(), host: ofHost, fans: reports };
  // While the server is there, so that no page complains of its end.
  for (const { page } of [...fans, host]) await page.close();
  return { report, failed };
}

/** When the cap is there, in seconds from the start. */
function capOf(options) {
  const fromS = Math.round(options["cap-from"]);
  const toS = fromS + Math.round(options["cap-for"]);
  if (toS + 5 > options.minutes * 60) {
    throw new UsageError(`the cap lasts until second ${toS}: --minutes must be longer`);
  }
  return { fromS, toS };
}

/** Where the kernel is to cap what a fan is sent. */
async function namespaceFor(rig, options) {
  if (options["cap-by"] === "relay") return null;
  if (options.cap === null) throw new UsageError("--cap-by tbf needs a --cap");
  if (options.fans !== "chromium") throw new UsageError("--cap-by tbf needs --fans chromium");
  if (options.loss > 0) throw new UsageError("--cap-by tbf loses nothing: leave out --loss");
  const namespace = Namespace.start({ burst: options["cap-burst"] });
  return rig.own(namespace, (it) => it.stop());
}

async function openHost(rig, { browser, server, options }) {
  const scripts = options.source === "marks" ? [[sendMarks], [watchMarks]] : [];
  if (options["host-no-rtx"]) scripts.push([offerNoRtx]);
  let relay = null;
  if (options["host-loss"] > 0 || options["host-delay"] > 0) {
    relay = await rig.own(
      Relay.start({
        to: server.udpPort,
        loss: options["host-loss"] / 100,
        delayMs: options["host-delay"],
        seed: options.seed + HOST_SEED,
      }),
      (it) => it.stop(),
    );
    scripts.push([sendThrough, { port: relay.port }]);
  }
  const page = await browser.open(`${server.base}/host`, { name: "host", scripts });
  await goLive(page);
  if (relay && !(await relay.counts()).toServer.bytes)
    throw new Error("host goes around the relay");
  return { page, link: relay, samples: [] };
}

async function openFan(rig, { name, browser, server, options, fans, namespace }) {
  const scripts = [[watchFrames, { gapMs: FREEZE_MS }]];
  if (options.source === "marks") scripts.push([watchMarks]);
  let relay = null;
  if (namespace === null && (options.loss > 0 || options.cap !== null)) {
    const seed = options.seed + 1000 * fans.length;
    const burst = options["cap-burst"];
    const link = { to: server.udpPort, loss: options.loss / 100, seed, burst };
    relay = await rig.own(Relay.start(link), (it) => it.stop());
    scripts.push([sendThrough, { port: relay.port }]);
  }
  const base = namespace ? `http://${namespace.address}:${server.port}` : server.base;
  const page = await browser.open(`${base}/r/default`, { name, scripts });
  await fanState(page, "live", 30_000).catch((error) => {
    throw new Error(`${name}: ${error.message}; the server's log:\n${server.log}`);
  });
  // As a person would: an element that is muted may be treated otherwise.
  await page.click(byTestId("unmute"));
  await until(() => page.evaluate(() => window.__frames.firstAt !== null), {
    what: `a frame shown to ${name}`,
  });
  if (relay) {
    const { toPeer } = await relay.counts();
    if (!toPeer.bytes) throw new Error(`${name} goes around the relay`);
  }
  return { name, page, link: namespace ?? relay, samples: [] };
}

/** A fan in a few words. */
function brief({ name, samples }) {
  const last = samples.at(-1);
  const before = samples.at(-1 - PROGRESS_S) ?? samples[0];
  const fps = ((last.frames.shown - before.frames.shown) * 1000) / (last.at - before.at);
  const from = last.frames.firstAt + SETTLE_MS;
  const gaps = last.frames.gaps.filter(({ at }) => at >= from).length;
  const ahead = aheadMs(last.stats);
  const { height } = last.frames.sizes.at(-1) ?? {};
  const { nackCount = 0, pliCount = 0 } = last.stats.video ?? {};
  const sync = ahead === null ? "?" : Math.round(ahead);
  return `${name}: ${last.state}, ${height} lines, ${fps.toFixed(1)} frames/s, freezes ${gaps}, picture ahead ${sync} ms, NACK ${nackCount}, PLI ${pliCount}`;
}

function briefHost({ samples }) {
  const { layers, estimate } = samples.at(-1);
  const sum = (field) => layers.reduce((n, it) => n + (it[field] ?? 0), 0);
  return `host: estimate ${Math.round(estimate / 1000)} kbit/s, NACK ${sum("nackCount")}, again ${sum("retransmittedPacketsSent")}, PLI ${sum("pliCount")}`;
}

function clock(seconds) {
  return `${String(seconds).padStart(5)} s`;
}

await main({
  summary: SUMMARY,
  table: TABLE,
  limitMs: ({ minutes }) => minutes * 60_000 + OVERHEAD_MS,
  measure,
  describe,
});
