import { byTestId } from "../lib/browsers.mjs";
import { Reach, selectedPath } from "../lib/reach.mjs";
import { endLive, fanState, hostState, openCamera } from "../lib/studio.mjs";
import { until } from "../lib/until.mjs";
import { fanReport, spread } from "./figures.mjs";
import { noteSteps, readDescriptions, readSteps, sampleFan, watchFrames } from "./in-page.mjs";
import { delaysOf, readMarks, sendMarks, watchMarks } from "./marks.mjs";
import { describe } from "./reach-text.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `The first frame and some seconds of watching over UDP, over ICE-TCP where all UDP is dropped, and over
TURN on TLS where only TLS passes, in turn. Needs Linux, its tools ip and nft, certutil, and root.
web/e2e/measure/README.md describes the report.`;

const TABLE = {
  joins: { default: 20, min: 1, max: 500, help: "pages that are opened on each path" },
  seconds: { default: 30, min: 10, max: 3600, help: "time that is watched on each path" },
  fans: {
    default: "both",
    one: ["both", "chromium", "firefox"],
    help: "browsers of the fans: both, chromium or firefox",
  },
  paths: {
    default: "all",
    one: ["all", "udp", "tcp", "turn"],
    help: "udp, tcp (ICE-TCP), turn (TURN on TLS), or all of them",
  },
  "goal-ms": {
    default: 1_500,
    min: 1,
    max: 60_000,
    help: "limit of the first frame's p95 over UDP and ICE-TCP, in ms",
  },
  json: { default: null, help: "file to write the report to" },
};

/** The firewall that leaves each path as the best one. */
const FIREWALLS = { udp: "open", tcp: "tcp", turn: "tls" };
/** Where a firewall does not decide the path by itself: what a page says of it. */
const IS_PATH = {
  udp: ({ protocol, type }) => protocol === "udp" && type !== "relay",
  tcp: ({ protocol }) => protocol === "tcp",
  // TCP passes in one port, on which only what begins as TLS does: all UDP is that of a relay.
  turn: ({ protocol }) => protocol === "udp",
};
const STEPS = ["pageMs", "socketMs", "offerMs", "iceMs", "connectedMs", "firstFrameMs"];
/** For the browser's and the server's code to be loaded. */
const WARM_UP = 2;
/** A browser that has just begun has much to load. */
const GO_LIVE_MS = 45_000;
const FREEZE_MS = 200;
const SETTLE_MS = 5_000;

async function measure(rig, options) {
  // All joins are of one address.
  const args = ["--joins-per-second", "500"];
  const start = Reach.start("m", { launch: { ownSignals: true }, args });
  const reach = await rig.own(start, (it) => it.stop());
  const isNeeded = (one, all) => (it) => one === all || one === it;
  const paths = Object.keys(FIREWALLS).filter(isNeeded(options.paths, "all"));
  const fans = ["chromium", "firefox"].filter(isNeeded(options.fans, "both"));
  const report = { options, paths: {} };
  const failed = [];
  for (const path of paths) {
    await reach.network.firewall(FIREWALLS[path], reach.server.port);
    const scripts = [[sendMarks, { isDetailed: true }], [watchMarks]];
    const host = await reach.chromium.open(reach.at("/host"), { name: "host", scripts });
    await openCamera(host);
    await host.click(byTestId("go-live"));
    await hostState(host, "live", GO_LIVE_MS).catch(async (error) => {
      const says = await host.evaluate(() => document.querySelector("main").innerText);
      const log = `the server's log:\n${reach.server.log}`;
      throw new Error(`over ${path}: ${error.message}; the page says:\n${says}\n${log}`);
    });
    report.paths[path] = {};
    for (const name of fans) {
      const told = await onPath(rig, { reach, host, path, name, options });
      report.paths[path][name] = told;
      failed.push(...shortcomings(`${name} over ${path}`, path, told, options));
    }
    await endLive(host);
    await host.close();
  }
  report.machine = rig.machine();
  return { report, failed };
}

/** The joins and the watching of one browser on one path. */
async function onPath(rig, { reach, host, path, name, options }) {
  const browser = reach[name];
  const url = reach.at("/r/default", reach.hostFor(browser));
  const open = (scripts) => browser.open(url, { name, scripts });
  const joins = [];
  for (let n = 0; n < WARM_UP + options.joins && !rig.isAborted; n += 1) {
    const page = await open([[noteSteps]]);
    let reached = {};
    await until(
      async () => {
        reached = await page.evaluate(readSteps);
        return reached.firstFrameMs !== undefined;
      },
      {
        what: () => `${name}'s first frame over ${path}: ${JSON.stringify(reached)}`,
        withinMs: 30_000,
      },
    );
    const taken = await pathOf(page, path);
    if (n >= WARM_UP) joins.push({ ...reached, ...taken });
    await page.close();
  }
  const steps = Object.fromEntries(
    STEPS.map((it) => [it, spread(joins.map((join) => join[it]).filter((ms) => ms !== undefined))]),
  );
  const { p50, p95, max } = steps.firstFrameMs;
  say(
    `${path}, ${name}: first frame p50 ${p50}, p95 ${p95}, max ${max} ms (${joins.length} joins)`,
  );
  return { joins, steps, watched: await watch(rig, { reach, host, path, open, options }) };
}

/** The path that is taken; a pair is told of only once it has been chosen. */
async function pathOf(page, path) {
  let taken = null;
  await until(
    async () => {
      taken = await selectedPath(page);
      return taken !== null && IS_PATH[path](taken);
    },
    { what: () => `a path over ${path}; it is ${JSON.stringify(taken)}` },
  );
  return taken;
}

async function watch(rig, { reach, host, path, open, options }) {
  const page = await open([[watchFrames, { gapMs: FREEZE_MS }], [watchMarks]]);
  await fanState(page, "live", 30_000);
  await page.click(byTestId("unmute"));
  await pathOf(page, path);
  const samples = [];
  const started = performance.now();
  const seconds = SETTLE_MS / 1_000 + options.seconds;
  let bytes = 0;
  let media = 0;
  for (let tick = 0; tick <= seconds; tick += 1) {
    await rig.sleepUntil(started + tick * 1_000);
    const toolWaitedMs = rig.waitedMs();
    samples.push({ ...(await page.evaluate(sampleFan)), toolWaitedMs });
    if (tick !== SETTLE_MS / 1_000 && tick !== seconds) continue;
    bytes = (await reach.network.received()) - bytes;
    media = mediaBytes(samples.at(-1)) - media;
  }
  const descriptions = await page.evaluate(readDescriptions);
  const told = fanReport({ samples, settleMs: SETTLE_MS, descriptions });
  const sent = await flashes(host);
  const seen = await flashes(page);
  await page.close();
  return {
    ...told,
    delayMs: spread(delaysOf(sent, seen.slice(-options.seconds))),
    wireKbit: Math.round((bytes * 8) / options.seconds / 1_000),
    mediaKbit: Math.round((media * 8) / options.seconds / 1_000),
  };
}

/** What came as RTP, with its headers. */
function mediaBytes({ stats }) {
  return [stats.audio, stats.video]
    .map((it) => (it?.bytesReceived ?? 0) + (it?.headerBytesReceived ?? 0))
    .reduce((sum, it) => sum + it, 0);
}

/** When a page showed its flashes, by the wall clock. */
async function flashes(page) {
  const origin = await page.evaluate(() => performance.timeOrigin);
  return (await page.evaluate(readMarks)).flashes.map((at) => origin + at);
}

function shortcomings(who, path, { joins, steps, watched }, options) {
  const failed = [];
  const must = (holds, what) => {
    if (!holds) failed.push(`${who}: ${what}`);
  };
  must(joins.length === options.joins, `only ${joins.length} joins`);
  const { p95 } = steps.firstFrameMs;
  const goal = options["goal-ms"];
  must(path === "turn" || p95 <= goal, `first frame: p95 ${p95} ms, the goal is ${goal} ms`);
  must(watched.playing && watched.state === "live", `does not play at the end (${watched.state})`);
  return failed;
}

await main({
  summary: SUMMARY,
  table: TABLE,
  // Three paths and two browsers at most.
  limitMs: ({ joins, seconds }) => 120_000 + 6 * ((joins + WARM_UP) * 8_000 + seconds * 1_500),
  measure,
  describe,
});
