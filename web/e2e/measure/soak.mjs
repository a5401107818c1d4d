import { byTestId, CHROMIUM, Chromium, FAKE_DEVICES, Firefox } from "../lib/browsers.mjs";
import { Server } from "../lib/server.mjs";
import { fanState, goLive } from "../lib/studio.mjs";
import { until } from "../lib/until.mjs";
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
import { readDescriptions, sampleFan, sampleHost, sendThrough, watchFrames } from "./in-page.mjs";
import { BURST_BYTES } from "./link.mjs";
import { pairMarks, readMarks, sendMarks, watchMarks } from "./marks.mjs";
import { Namespace } from "./namespace.mjs";
import { Relay } from "./relay.mjs";
import { main, say, UsageError } from "./rig.mjs";

const SUMMARY = `A host and two fans in real browsers, for as long as you like: whether they freeze, whether sound
and picture belong together, and how lost packets are repaired. web/e2e/measure/README.md has the fields.`;

const TABLE = {
  minutes: { default: 10, min: 0.2, max: 120, help: "how long to measure" },
  fans: {
    default: "both",
    one: ["both", "chromium", "firefox"],
    help: "both, chromium or firefox",
  },
  loss: { default: 0, min: 0, max: 50, help: "percent of the fans' datagrams lost, each way" },
  source: {
    default: "camera",
    one: ["camera", "marks"],
    help: "camera: Chromium's fake one; marks: flashes and beeps",
  },
  seed: { default: 1, min: 0, max: 2 ** 31, help: "another one loses other datagrams" },
  cap: { default: null, min: 50, max: 1e6, help: "kbit/s to each fan while the cap lasts" },
  "cap-from": { default: 20, min: 5, max: 7200, help: "when the cap begins, in seconds" },
  "cap-for": { default: 20, min: 1, max: 7200, help: "how long it lasts, in seconds" },
  "cap-burst": {
    default: BURST_BYTES,
    min: 1_600,
    max: 1e6,
    help: "bytes that pass the cap at once after a rest",
  },
  "cap-by": {
    default: "relay",
    one: ["relay", "tbf"],
    help: "relay: this tool; tbf: the kernel, in a network namespace (Linux, root, --fans chromium)",
  },
  json: { default: null, help: "a file for the report" },
};

/** A freeze is longer than this. */
const FREEZE_MS = 200;
/** After its first frame a fan is on the way to the layer that its network carries. */
const SETTLE_MS = 5_000;
const PROGRESS_S = 10;
/** For browsers to start and stop. */
const OVERHEAD_MS = 90_000;

async function measure(rig, options) {
  const capped = options.cap === null ? null : capOf(options);
  const namespace = await namespaceFor(rig, options);
  const server = await rig.own(Server.start(), (it) => it.stop());
  const isNeeded = (name) => options.fans === "both" || options.fans === name;
  const launch = { ownSignals: true };
  const chromium = await rig.own(Chromium.launch(FAKE_DEVICES, launch), (it) => it.close());
  const firefox =
    isNeeded("firefox") && (await rig.own(Firefox.launch(launch), (it) => it.close()));

  const scripts = options.source === "marks" ? [[sendMarks], [watchMarks]] : [];
  const host = await chromium.open(`${server.base}/host`, { name: "host", scripts });
  await goLive(host);
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
      say(`${clock(tick)}  the way to the fans carries ${limit ?? "all"} ${limit ? "kbit/s" : ""}`);
    }
    const toolWaitedMs = rig.waitedMs();
    await Promise.all(
      fans.map(async (fan) => {
        fan.samples.push({ ...(await fan.page.evaluate(sampleFan)), toolWaitedMs });
      }),
    );
    if (tick > 0 && tick % PROGRESS_S === 0)
      say(`${clock(tick)}  ${fans.map(brief).join("  |  ")}`);
  }

  const failed = [];
  const reports = {};
  const layers = await host.evaluate(sampleHost);
  const hostMarks = options.source === "marks" ? pairMarks(await host.evaluate(readMarks)) : null;
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
    failed.push(...shortcomings(name, report, { loss: options.loss, isCapped: capped !== null }));
    if (capped) {
      report.capped = followed(report, capped);
      failed.push(...capShortcomings(name, report.capped));
    }
    reports[name] = report;
  }
  const hostReport = { layers, marksMs: hostMarks && spread(hostMarks) };
  const report = { options, machine: rig.machine(), host: hostReport, fans: reports };
  // While the server is there, so that no page complains of its end.
  for (const { page } of fans) await page.close();
  await host.close();
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
    const { toFan } = await relay.counts();
    if (!toFan.bytes) throw new Error(`${name} goes around the relay`);
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
