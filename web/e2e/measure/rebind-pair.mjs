import { fileURLToPath } from "node:url";
import { Program } from "../lib/programs.mjs";
import { until } from "../lib/until.mjs";
import { recovery } from "./recovery.mjs";

const CLIENT = fileURLToPath(new URL("rebind-client.mjs", import.meta.url));
/** Who publishes what a client watches, where it is not libdatachannel: not every browser decodes H264. */
const PUBLISHERS = { chromium: "chromium", firefox: "chromium" };
/** For a client to begin. */
export const START_MS = 45_000;
/** Until a browser that publishes sends at its best. */
export const SETTLE_MS = 15_000;
/** A client says within this what it noted. */
const NOTED_MS = 500;

/** A client behind the NAT, and who is at the other end of its media, on this machine. */
export class Pair {
  #site;
  #role;
  #client;
  #watcher;
  #programs = [];

  constructor(site, role) {
    this.#site = site;
    this.#role = role;
  }

  /** Publishes and watches, until both are settled. */
  async start(client, room) {
    const { rig, nat, server, base } = this.#site;
    const inside = (its) =>
      this.#run("ip", nat.inside(process.execPath, [CLIENT, client, its, base, room]));
    const here = (its, program = "libdatachannel") =>
      this.#run(process.execPath, [CLIENT, program, its, base, room]);
    if (this.#role === "publish") this.#client = await inside("publish");
    else await here("publish", PUBLISHERS[client]);
    await until(async () => (await this.#rooms()).some((it) => it.room === room), {
      what: () => `${room} to be live; the server's log:\n${server.log}`,
    });
    if (this.#role === "publish") this.#watcher = await here("watch");
    else [this.#client, this.#watcher] = Array(2).fill(await inside("watch"));
    await rig.sleepUntil(performance.now() + SETTLE_MS);
  }

  async rebind({ rebind, seconds }) {
    const { nat, rig } = this.#site;
    const connections = () => this.#client.said.at(-1).peers ?? 0;
    const connectedBefore = connections();
    const { at, from, counts } = await nat.rebind({ isOtherAddress: rebind === "address" });
    const end = at + seconds * 1000;
    await rig.sleepUntil(performance.now() + end - Date.now());
    const { dropped } = await nat.count();
    await rig.sleepUntil(performance.now() + NOTED_MS);
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
      // Null: it did not end in time, as happens on a busy machine.
      if ((await program.ended()) > 0) failed.push(program.output.trim());
    }
    return failed;
  }

  async #run(command, args) {
    const program = Program.start(command, args);
    this.#programs.push(program);
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
