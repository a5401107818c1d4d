import { spawn } from "node:child_process";
import { once } from "node:events";
import { Chromium, FAKE_DEVICES } from "../lib/browsers.mjs";
import { binary, Server } from "../lib/server.mjs";
import { goLive } from "../lib/studio.mjs";
import { until } from "../lib/until.mjs";
import { spread } from "./figures.mjs";
import { joinOnce } from "./in-page.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `Time to the first video frame of a fan in Chromium, while many other viewers join the same server.
web/e2e/measure/README.md describes the report.`;

const TABLE = {
  joins: { default: 40, min: 1, max: 1000, help: "joins to measure while others join" },
  alone: { default: 10, min: 0, max: 1000, help: "joins to measure first, without others" },
  rate: { default: 200, min: 1, max: 1000, help: "other viewers that join per second" },
  viewers: {
    default: 1000,
    min: 50,
    max: 5000,
    help: "other viewers until all leave and join again",
  },
  kbit: {
    default: 300,
    min: 50,
    max: 20_000,
    help: "bitrate that each of them watches, in kbit/s",
  },
  "goal-ms": { default: 250, min: 1, max: 60_000, help: "limit of the first frame's p95, in ms" },
  json: { default: null, help: "file to write the report to" },
};

const ROOM = "default";
/** For the page's own code to be compiled, and what the browser does once. */
const WARM_UP = 3;
/** How long the load may take to leave by itself, all at once. */
const LEAVING_MS = 45_000;
/** Rounds without one join in them: then the machine is too slow for this. */
const MAX_EMPTY_ROUNDS = 3;

async function measure(rig, options) {
  const server = await rig.own(Server.start(), (it) => it.stop());
  const launch = { ownSignals: true };
  const chromium = await rig.own(Chromium.launch(FAKE_DEVICES, launch), (it) => it.close());
  const host = await chromium.open(`${server.base}/host`, { name: "host" });
  await goLive(host);
  // A document of the server's own that is no page of ours: one of those would watch as well.
  // It has no icon either.
  const page = await chromium.open(`${server.base}/api/health`, {
    name: "fan",
    tolerated: [/Failed to load resource: .* 404/],
  });
  const join = () => page.evaluate(joinOnce, { room: ROOM, timeoutMs: 15_000 });

  for (let n = 0; n < WARM_UP; n += 1) await join();
  const alone = [];
  while (alone.length < options.alone && !rig.isAborted) alone.push(await join());
  if (alone.length) say(`alone: ${brief(alone)}`);

  const together = [];
  let joinedMeanwhile = 0;
  let meanwhileMs = 0;
  let emptyRounds = 0;
  while (together.length < options.joins && emptyRounds < MAX_EMPTY_ROUNDS && !rig.isAborted) {
    const before = together.length;
    const load = await rig.own(Load.start(server, options), (it) => it.stop());
    while (together.length < options.joins && (await load.isJoining()) && !rig.isAborted) {
      const [from, at] = [await load.joined(), performance.now()];
      const joined = await join();
      const meanwhile = (await load.joined()) - from;
      const ms = performance.now() - at;
      // All others were in before this one was: that was no join among joins.
      if (!(await load.isJoining())) break;
      together.push({ ...joined, meanwhile });
      joinedMeanwhile += meanwhile;
      meanwhileMs += ms;
    }
    emptyRounds = together.length === before ? emptyRounds + 1 : 0;
    say(`${together.length} of ${options.joins} joins: ${brief(together)}`);
    if (together.length < options.joins) await load.untilGone();
  }

  const report = {
    options,
    machine: rig.machine(),
    alone: phases(alone),
    together: {
      ...phases(together),
      joins: together,
      joinedMeanwhile,
      joinedASecond: Math.round((joinedMeanwhile * 1000) / Math.max(meanwhileMs, 1)),
    },
  };
  await page.close();
  await host.close();
  return { report, failed: shortcomings(report, options) };
}

/** The load: synthetic viewers with a publisher of their own, in another room of the same server. */
class Load {
  #child;
  #server;
  #viewers;
  #hasEnded = false;
  #ended;

  /** Comes back once the first of them are in. */
  static async start(server, { viewers, rate, kbit }) {
    const load = new Load();
    const url = `ws://127.0.0.1:${server.port}/ws`;
    const options = { url, viewers, rate, "video-bitrate": kbit, duration: 1 };
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    load.#server = server;
    load.#viewers = viewers;
    load.#child = spawn(binary(), ["bench", ...args], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    load.#child.stderr.setEncoding("utf8").on("data", (text) => {
      said = (said + text).slice(-2_000);
    });
    load.#ended = once(load.#child, "exit").then(() => {
      load.#hasEnded = true;
    });
    await until(async () => load.#hasEnded || (await load.joined()) > 0, {
      what: () => `the load's first viewer; it says:\n${said}`,
      withinMs: 20_000,
    });
    if (load.#hasEnded) throw new Error(`the load ended at once:\n${said}`);
    return load;
  }

  /** How many of them are connected now. */
  async joined() {
    const rooms = await (await fetch(`${this.#server.base}/api/rooms`)).json();
    return rooms
      .filter(({ room }) => room !== ROOM)
      .reduce((total, { viewers }) => total + viewers, 0);
  }

  async isJoining() {
    return !this.#hasEnded && (await this.joined()) < this.#viewers;
  }

  /** It leaves a second after all are in; with the server still full of them nothing could be told. */
  async untilGone() {
    await until(async () => this.#hasEnded && (await this.joined()) === 0, {
      what: async () => `the load to leave; ${await this.joined()} viewers are there`,
      withinMs: LEAVING_MS,
    });
  }

  async stop() {
    if (this.#hasEnded) return;
    this.#child.kill("SIGKILL");
    await this.#ended;
  }
}

const PHASES = ["socketMs", "offerMs", "answerMs", "connectedMs", "firstFrameMs"];

/** When each step was reached after the join began. */
function phases(joins) {
  // The connection may be told of after the first frame.
  const reached = (name) => joins.map((it) => it[name]).filter((ms) => ms !== undefined);
  return Object.fromEntries(PHASES.map((name) => [name, spread(reached(name))]));
}

function shortcomings({ together }, options) {
  const { firstFrameMs, joinedASecond } = together;
  const failed = [];
  if (firstFrameMs.n < options.joins) failed.push(`only ${firstFrameMs.n} joins among others`);
  if (firstFrameMs.p95 > options["goal-ms"]) {
    failed.push(`first frame: p95 ${firstFrameMs.p95} ms, the goal is ${options["goal-ms"]} ms`);
  }
  if (joinedASecond < options.rate * 0.8) {
    failed.push(`only ${joinedASecond} viewers a second joined meanwhile`);
  }
  return failed;
}

function brief(joins) {
  const { p50, p95, max } = spread(joins.map((it) => it.firstFrameMs));
  return `first frame p50 ${p50}, p95 ${p95}, max ${max} ms`;
}

function describe({ alone, together, machine }) {
  const table = (title, steps) => [
    `${title} (${steps.firstFrameMs.n} joins, ms after the join began)`,
    ...PHASES.map((name) => {
      const { p50, p95, max } = steps[name];
      return `  ${name.replace("Ms", "").padEnd(12)} p50 ${p50}, p95 ${p95}, max ${max}`;
    }),
  ];
  const { cpus, load1 } = machine;
  return [
    ...table("alone", alone),
    ...table("while others join", together),
    `joined meanwhile: ${together.joinedMeanwhile}, ${together.joinedASecond} a second`,
    `machine: ${cpus} cores, load ${load1}`,
  ].join("\n");
}

await main({
  summary: SUMMARY,
  table: TABLE,
  // Each round lets at least one join through, or the tool gives up.
  limitMs: ({ joins, alone }) => 60_000 + (joins + alone) * 3_000,
  measure,
  describe,
});
