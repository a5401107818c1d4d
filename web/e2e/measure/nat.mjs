import { execFile, spawn } from "node:child_process";
import readline from "node:readline";
import { promisify } from "node:util";
import { natRules, readCounters, rebindRules, TABLE } from "./nat-rules.mjs";
import { kill, tell } from "./tell.mjs";

const run = promisify(execFile);

/** Of the network that is set apart for measuring (RFC 2544, appendix C.2.2). */
const HERE = "198.18.77.1";
/** The NAT's own on the way to this machine. */
const OUTSIDE = ["198.18.77.2", "198.18.77.3"];
const OUTSIDE_BITS = 29;
/** Its other side, and the client. */
const GATEWAY = "198.18.77.9";
const CLIENT = "198.18.77.10";
const CLIENT_BITS = 30;

const COUNT_EVERY_MS = 25;

/**
 * A network namespace for a client, and another for the NAT between it and this machine. Needs Linux, its tools ip
 * and nft, and root.
 */
export class Nat {
  /** Of the interface at this end; the namespaces' names begin with it. */
  #name = `kaibo${process.pid}`;
  #client = `${this.#name}-client`;
  #nat = `${this.#name}-nat`;
  #generation = 0;
  #addressIndex = 0;
  #nft;
  #timer;
  #waiting = [];
  #counts = {};
  #stopAtExit = () => this.stop();

  /** The address of this machine, as the client has it. */
  address = HERE;
  /** By the name of a counter: when it was seen to have grown, by the wall clock. */
  passed = {};

  static async start() {
    const nat = new Nat();
    process.once("exit", nat.#stopAtExit);
    try {
      await nat.#make();
    } catch (error) {
      nat.stop();
      const why = error.stderr?.trim() || error.message;
      throw new Error(`no NAT: ${why} (Linux, ip, nft and root are needed)`);
    }
    return nat;
  }

  /** The arguments of `ip` that run a program behind the NAT. */
  inside(program, args) {
    return ["netns", "exec", this.#client, program, ...args];
  }

  /**
   * Forgets all UDP mappings, and gives others: of another range of ports, or of another address as well.
   * Gives the moment before, and the one from which on only new mappings are counted.
   */
  async rebind({ isOtherAddress }) {
    this.#generation += 1;
    if (isOtherAddress) this.#addressIndex = 1 - this.#addressIndex;
    const at = Date.now();
    await this.#rebind();
    const counts = await this.count();
    return { at, from: Date.now(), counts };
  }

  /** How many packets each counter has counted by now. */
  async count() {
    await new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#nft.stdin.write(`list counters table ${TABLE}\n`);
    });
    return this.#counts;
  }

  /** At once: it is called also when the process ends. */
  stop() {
    process.off("exit", this.#stopAtExit);
    clearInterval(this.#timer);
    this.#nft?.kill("SIGKILL");
    for (const name of [this.#client, this.#nat]) {
      for (const pid of tell("ip", "netns", "pids", name).split("\n").filter(Boolean))
        kill(Number(pid));
      tell("ip", "netns", "del", name);
    }
    // The interfaces go with the namespaces, but not at once.
    tell("ip", "link", "del", this.#name);
  }

  async #make() {
    const inClient = ["-n", this.#client];
    const inNat = ["-n", this.#nat];
    for (const name of [this.#client, this.#nat]) {
      await run("ip", ["netns", "add", name]);
      await run("ip", ["-n", name, "link", "set", "lo", "up"]);
    }
    const outside = ["type", "veth", "peer", "name", "outside", "netns", this.#nat];
    await run("ip", ["link", "add", this.#name, ...outside]);
    await run("ip", ["addr", "add", `${HERE}/${OUTSIDE_BITS}`, "dev", this.#name]);
    await run("ip", ["link", "set", this.#name, "up"]);
    for (const address of OUTSIDE) {
      await run("ip", [...inNat, "addr", "add", `${address}/${OUTSIDE_BITS}`, "dev", "outside"]);
    }
    await run("ip", [...inNat, "link", "set", "outside", "up"]);
    const inside = ["type", "veth", "peer", "name", "nat0", "netns", this.#client];
    await run("ip", [...inNat, "link", "add", "inside", ...inside]);
    await run("ip", [...inNat, "addr", "add", `${GATEWAY}/${CLIENT_BITS}`, "dev", "inside"]);
    await run("ip", [...inNat, "link", "set", "inside", "up"]);
    await run("ip", [...inClient, "addr", "add", `${CLIENT}/${CLIENT_BITS}`, "dev", "nat0"]);
    await run("ip", [...inClient, "link", "set", "nat0", "up"]);
    await run("ip", [...inClient, "route", "add", "default", "via", GATEWAY]);
    await this.#inNat("sysctl", ["-qw", "net.ipv4.ip_forward=1"]);
    await this.#apply(natRules({ outside: "outside", address: OUTSIDE[0] }));
    await this.#rebind();
    this.#watch();
    await this.count();
  }

  async #rebind() {
    const address = OUTSIDE[this.#addressIndex];
    await this.#apply(rebindRules({ outside: "outside", address, generation: this.#generation }));
  }

  /** One process that is asked again and again: a new one each time would load the machine. */
  #watch() {
    const stdio = ["pipe", "pipe", "ignore"];
    this.#nft = spawn("ip", ["netns", "exec", this.#nat, "nft", "--json", "-i"], { stdio });
    this.#nft.on("exit", () => {
      clearInterval(this.#timer);
      const error = new Error("nft has ended");
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
    this.#nft.stdin.on("error", () => {});
    readline.createInterface({ input: this.#nft.stdout }).on("line", (line) => this.#take(line));
    this.#timer = setInterval(() => {
      if (this.#waiting.length === 0) this.count().catch(() => {});
    }, COUNT_EVERY_MS);
  }

  #take(line) {
    const now = Date.now();
    const counts = readCounters(line);
    for (const [name, packets] of Object.entries(counts)) {
      this.passed[name] ??= [];
      if (packets > (this.#counts[name] ?? 0)) this.passed[name].push(now);
    }
    this.#counts = counts;
    this.#waiting.shift()?.resolve();
  }

  async #inNat(program, args) {
    await run("ip", ["netns", "exec", this.#nat, program, ...args]);
  }

  async #apply(rules) {
    const running = run("ip", ["netns", "exec", this.#nat, "nft", "-f", "-"]);
    running.child.stdin.end(rules);
    await running;
  }
}
