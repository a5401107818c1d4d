import { writeFile } from "node:fs/promises";
import { Server } from "../lib/server.mjs";
import { Nat } from "./nat.mjs";
import { Pair, SETTLE_MS, START_MS } from "./rebind-pair.mjs";
import { medianAndWorst, shortcomings } from "./recovery.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `A client behind a NAT that loses its UDP mappings: the time until media and feedback are back.
Needs Linux, its tools ip and nft, and root. web/e2e/measure/README.md describes the report.`;

const CLIENTS = ["chromium", "firefox", "ffmpeg", "libdatachannel"];
const ROLES = ["publish", "watch"];

const TABLE = {
  client: { default: "all", one: ["all", ...CLIENTS], help: `client: all, ${CLIENTS.join(", ")}` },
  role: {
    default: "both",
    one: ["both", ...ROLES],
    help: "role of the client: both, publish or watch",
  },
  rebind: {
    default: "port",
    one: ["port", "address"],
    help: "what changes: the port, or address and port",
  },
  times: { default: 3, min: 1, max: 50, help: "rebinds of each client" },
  seconds: { default: 10, min: 5, max: 120, help: "time to observe after each rebind, in s" },
  "goal-ms": {
    default: 1_500,
    min: 1,
    max: 60_000,
    help: "limit until media and feedback are back, in ms",
  },
  log: { default: null, help: "file for the server's log; KAIBO_LOG sets its level" },
  json: { default: null, help: "file to write the report to" },
};

/** Added to the time between rebinds each time, so that none meets the same phase of the client's timers. */
const PHASE_MS = 370;

async function measure(rig, options) {
  const nat = await rig.own(Nat.start(), (it) => it.stop());
  const args = ["--publish-open", "all", "--public-ip", nat.address];
  const server = await rig.own(Server.start({ args }), async (it) => {
    if (options.log !== null) await writeFile(options.log, it.log);
    await it.stop();
  });
  const site = { rig, nat, server, base: `http://${nat.address}:${server.port}` };
  const failed = [];
  const cases = [];
  for (const { client, role } of casesOf(options)) {
    const name = `${client} ${role}`;
    const recoveries = [];
    try {
      while (recoveries.length < options.times) {
        const room = `${client}-${role}-${recoveries.length}`;
        const rebinds = rebindWhileConnected(site, { client, role, room, options, recoveries });
        failed.push(...(await rebinds).map((what) => `${name}: ${what}`));
      }
    } catch (error) {
      if (rig.isAborted) throw error;
      failed.push(`${name}: ${error.message}`);
    }
    failed.push(...shortcomings(name, recoveries, { goalMs: options["goal-ms"] }));
    cases.push({ client, role, recoveries });
  }
  return { report: { options, machine: rig.machine(), cases }, failed };
}

/** Adds what comes of each rebind; gives what went wrong besides. */
async function rebindWhileConnected(site, { client, role, room, options, recoveries }) {
  const pair = new Pair(site, role);
  await site.rig.own(Promise.resolve(pair), (it) => it.stop());
  try {
    await pair.start(client, room);
    let isConnected = true;
    while (isConnected && recoveries.length < options.times) {
      await site.rig.sleepUntil(performance.now() + PHASE_MS * recoveries.length);
      const it = await pair.rebind(options);
      recoveries.push(it);
      say(`${client} ${role}, rebind ${recoveries.length}: ${brief(it)}`);
      // What lost its connection tells nothing of the next rebind.
      isConnected = it.mediaMs !== null && it.feedbackMs !== null && it.newConnections === 0;
    }
  } catch (error) {
    await pair.stop();
    throw error;
  }
  return pair.stop();
}

function casesOf({ client, role }) {
  const isWanted = (wanted, it) => ["all", "both", it].includes(wanted);
  return CLIENTS.filter((it) => isWanted(client, it)).flatMap((it) =>
    ROLES.filter((its) => isWanted(role, its))
      // It publishes only.
      .filter((its) => it !== "ffmpeg" || its === "publish")
      .map((its) => ({ client: it, role: its })),
  );
}

const inSeconds = (ms) => (ms === null ? "never" : (ms / 1000).toFixed(2));
const share = (value) => (value === null ? "-" : `${Math.round(value * 100)} %`);

function brief({ mediaMs, feedbackMs, lowestRate, dropped, newConnections }) {
  const anew = newConnections > 0 ? ", connected anew" : "";
  return `media ${inSeconds(mediaMs)} s, feedback ${inSeconds(feedbackMs)} s, lowest bit rate ${share(lowestRate)}, ${dropped} packets to forgotten mappings${anew}`;
}

function describe({ cases, options, machine }) {
  const columns = ["client", "role", "media", "worst", "feedback", "worst", "bit rate", "anew"];
  const rows = cases.map(({ client, role, recoveries }) => {
    const media = medianAndWorst(recoveries.map((it) => it.mediaMs));
    const feedback = medianAndWorst(recoveries.map((it) => it.feedbackMs));
    const rates = recoveries.map((it) => it.lowestRate).filter((it) => it !== null);
    return [
      client,
      role,
      ...[media.median, media.worst, feedback.median, feedback.worst].map(inSeconds),
      share(rates.length > 0 ? Math.min(...rates) : null),
      String(recoveries.filter((it) => it.newConnections > 0).length),
    ];
  });
  const widths = [16, 9, 8, 8, 10, 8, 10, 4];
  const line = (cells) =>
    cells
      .map((it, n) => it.padEnd(widths[n]))
      .join("")
      .trimEnd();
  const { cpus, load1 } = machine;
  return [
    `seconds from a rebind (new ${options.rebind}) until media and feedback are back, median and worst of ${options.times}`,
    line(columns),
    ...rows.map(line),
    `machine: ${cpus} cores, load ${load1}`,
  ].join("\n");
}

await main({
  summary: SUMMARY,
  table: TABLE,
  limitMs: (options) => {
    const each = START_MS + SETTLE_MS + options.seconds * 1000 + options.times * PHASE_MS;
    return 60_000 + casesOf(options).length * options.times * each;
  },
  measure,
  describe,
});
