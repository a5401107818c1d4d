import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Program } from "../lib/programs.mjs";
import { Server } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";
import { Nat } from "./nat.mjs";
import { medianAndWorst, recovery, shortcomings } from "./recovery.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `A client behind a NAT that forgets its UDP mappings: after how many seconds media and feedback are back.
Needs Linux, its tools ip and nft, and root. web/e2e/measure/README.md has the fields.`;

const CLIENTS = ["chromium", "firefox", "ffmpeg", "libdatachannel"];
/** Who publishes what a client watches, where it is not libdatachannel: not every browser decodes H264. */
const PUBLISHERS = { chromium: "chromium", firefox: "chromium" };
const ROLES = ["publish", "watch"];

const TABLE = {
  client: { default: "all", one: ["all", ...CLIENTS], help: `all, ${CLIENTS.join(", ")}` },
  role: { default: "both", one: ["both", ...ROLES], help: "both, publish or watch" },
  rebind: {
    default: "port",
    one: ["port", "address"],
    help: "what is another afterwards: the port, or address and port",
  },
  times: { default: 3, min: 1, max: 50, help: "how often to rebind each client" },
  seconds: { default: 10, min: 5, max: 120, help: "for how long to look after each rebind" },
  "goal-ms": { default: 1_500, min: 1, max: 60_000, help: "until media and feedback are back" },
  log: { default: null, help: "a file for the server's log; KAIBO_LOG says how much it tells" },
  json: { default: null, help: "a file for the report" },
};

const CLIENT = fileURLToPath(new URL("rebind-client.mjs", import.meta.url));
/** Until a browser that publishes sends at its best. */
const SETTLE_MS = 15_000;
/** Added to the time between rebinds each time, so that none meets the same phase of the client's timers. */
const PHASE_MS = 370;
const START_MS = 45_000;

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
    while (recoveries.length < options.times) {
      const room = `${client}-${role}-${recoveries.length}`;
      const pair = await Pair.start(site, { client, role, room });
      while (recoveries.length < options.times) {
        await rig.sleepUntil(performance.now() + PHASE_MS * recoveries.length);
        const it = await pair.rebind(options);
        recoveries.push(it);
        say(`${name}, rebind ${recoveries.length}: ${brief(it)}`);
        // What lost its connection tells nothing of the next rebind.
        if (it.mediaMs === null || it.feedbackMs === null || it.newConnections > 0) break;
      }
      failed.push(...(await pair.stop()).map((what) => `${name}: ${what}`));
    }
    failed.push(...shortcomings(name, recoveries, { goalMs: options["goal-ms"] }));
    cases.push({ client, role, recoveries });
  }
  return { report: { options, machine: rig.machine(), cases }, failed };
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

/** A client behind the NAT, and who is at the other end of its media, on this machine. */
class Pair {
  #site;
  #role;
  #client;
  #watcher;
  #programs = [];

  static async start(site, { client, role, room }) {
    const pair = new Pair();
    pair.#site = site;
    pair.#role = role;
    const inside = (its) =>
      pair.#run("ip", site.nat.inside(process.execPath, [CLIENT, client, its, site.base, room]));
    const here = (its, program = "libdatachannel") =>
      pair.#run(process.execPath, [CLIENT, program, its, site.base, room]);
    if (role === "publish") pair.#client = await inside("publish");
    else await here("publish", PUBLISHERS[client]);
    await until(async () => (await pair.#rooms()).some((it) => it.room === room), {
      what: () => `${room} to be live; the server's log:\n${site.server.log}`,
    });
    if (role === "publish") pair.#watcher = await here("watch");
    else [pair.#client, pair.#watcher] = Array(2).fill(await inside("watch"));
    await site.rig.sleepUntil(performance.now() + SETTLE_MS);
    return pair;
  }

  async rebind({ rebind, seconds }) {
    const { nat, rig } = this.#site;
    const connections = () => this.#client.said.at(-1).peers ?? 0;
    const connectedBefore = connections();
    const { at, from, counts } = await nat.rebind({ isOtherAddress: rebind === "address" });
    const end = at + seconds * 1000;
    await rig.sleepUntil(performance.now() + end - Date.now());
    const { dropped } = await nat.count();
    // A client says later what it noted.
    await rig.sleepUntil(performance.now() + 500);
    return recovery({
      role: this.#role,
      at,
      from,
      until: end,
      frames: this.#all(this.#watcher, "frames"),
      passed: nat.passed,
      notes: {
        reports: this.#role === "publish" ? this.#all(this.#client, "reports") : undefined,
        targets: this.#role === "publish" ? this.#all(this.#client, "targets") : undefined,
        connections: connections() - connectedBefore,
      },
      dropped: dropped - counts.dropped,
    });
  }

  /** Ends it, and gives what went wrong at that. */
  async stop() {
    const failed = [];
    for (const program of this.#programs.splice(0).reverse()) {
      await program.stop();
      if ((await program.ended()) !== 0) failed.push(program.output.trim());
    }
    return failed;
  }

  async #run(command, args) {
    const program = Program.start(command, args);
    this.#programs.push(program);
    await this.#site.rig.own(Promise.resolve(program), (it) => it.stop());
    const what = args.slice(args.indexOf(CLIENT) + 1).join(" ");
    const ended = program.ended().then(() => {
      throw new Error(`${what} has ended: ${program.output}`);
    });
    await Promise.race([program.untilSays(() => true, what, START_MS), ended]);
    return program;
  }

  async #rooms() {
    const rooms = await (await fetch(`${this.#site.base}/api/rooms`)).json();
    return rooms.filter(({ live }) => live === "live");
  }

  #all(program, what) {
    return program.said.flatMap((it) => it[what] ?? []);
  }
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
    `seconds from a rebind (another ${options.rebind}) until media and feedback are back, median and worst of ${options.times}`,
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
