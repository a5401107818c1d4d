import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { QUEUE_MS } from "./link.mjs";

const run = promisify(execFile);

/** Of the network that is set apart for measuring (RFC 2544, appendix C.2.2): this machine and the fan. */
const HERE = "198.18.77.1";
const FAN = "198.18.77.2";
/** As good as no limit; the shaper stays, so that nothing that waits in it is lost. */
const WIDE_KBIT = 1_000_000;
const WIDE_BURST_BYTES = 1_000_000;

/**
 * A network namespace for one fan, joined to this machine by a pair of interfaces. What comes from here
 * goes through the kernel's token bucket filter. Needs Linux, its tools ip and tc, and root.
 */
export class Namespace {
  /** Of the namespace, and of the interface at this end. */
  #name = `kaibo${process.pid}`;
  #burst;
  #dir;

  /** The address of this machine, as the fan has it. */
  address = HERE;

  /** `burst`: bytes that pass a limit at once after a rest. */
  static async start({ burst }) {
    const it = new Namespace();
    it.#burst = burst;
    try {
      await it.#make();
    } catch (error) {
      await it.stop();
      const why = error.stderr?.trim() || error.message;
      throw new Error(`no network namespace: ${why} (Linux, ip, tc and root are needed)`);
    }
    return it;
  }

  /** A program that runs another one inside: put before a browser's own arguments. */
  async wrap(program) {
    this.#dir ??= await mkdtemp(path.join(tmpdir(), "kaibo-netns-"));
    const file = path.join(this.#dir, "inside");
    const script = `#!/bin/sh\nexec ip netns exec ${this.#name} "${program}" "$@"\n`;
    await writeFile(file, script, { mode: 0o755 });
    return file;
  }

  /** From now on the way to the fan carries so many kbit/s; null is no limit. */
  async limit(kbit) {
    await this.#shape("change", kbit);
  }

  /** Nothing is counted here. */
  async counts() {
    return null;
  }

  async stop() {
    // The interfaces go with it.
    await run("ip", ["netns", "del", this.#name]).catch(() => {});
    if (this.#dir) await rm(this.#dir, { recursive: true, force: true });
  }

  async #make() {
    const inside = ["-n", this.#name];
    const near = this.#name;
    const far = "fan0";
    await run("ip", ["netns", "add", this.#name]);
    const peer = ["peer", "name", far, "netns", this.#name];
    await run("ip", ["link", "add", near, "type", "veth", ...peer]);
    await run("ip", ["addr", "add", `${HERE}/30`, "dev", near]);
    await run("ip", ["link", "set", near, "up"]);
    await run("ip", [...inside, "addr", "add", `${FAN}/30`, "dev", far]);
    await run("ip", [...inside, "link", "set", far, "up"]);
    await run("ip", [...inside, "link", "set", "lo", "up"]);
    await this.#shape("add", null);
  }

  async #shape(how, kbit) {
    const rate = ["rate", `${kbit ?? WIDE_KBIT}kbit`];
    const burst = ["burst", String(kbit === null ? WIDE_BURST_BYTES : this.#burst)];
    const latency = ["latency", `${QUEUE_MS}ms`];
    const to = ["qdisc", how, "dev", this.#name, "root"];
    await run("tc", [...to, "tbf", ...rate, ...burst, ...latency]);
  }
}
