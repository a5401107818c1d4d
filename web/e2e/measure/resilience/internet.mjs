import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { until } from "../../lib/until.mjs";
import { readCounters } from "../nat-rules.mjs";
import { kill, tell } from "../tell.mjs";
import { outageRules, pathRules } from "./internet-rules.mjs";

const run = promisify(execFile);

/** Of the network that is set apart for measuring (RFC 2544, appendix C.2.2); each link has a /29 of it. */
const NETWORK = "198.18.80";
/** Who is on a link of the router: the server, this machine, and clients. */
const LINKS = ["server", "here", "host", "fan", "mobile", "others"];

const subnet = (link) => LINKS.indexOf(link) * 8;
const gatewayOf = (link) => `${NETWORK}.${subnet(link) + 1}`;

/** The address at the far end of a link. */
export const addressOf = (link) => `${NETWORK}.${subnet(link) + 2}`;

/**
 * A router in a network namespace, with the server, this machine and clients on links of their own, each in a namespace
 * but this machine. Needs Linux, its tools ip and nft, and root.
 */
export class Internet {
  #name = `kaibo${process.pid}`;
  #spaces = new Set();
  #dir;
  #stopAtExit = () => this.#delete();

  address = addressOf("server");

  static async start() {
    const internet = new Internet();
    process.once("exit", internet.#stopAtExit);
    try {
      await internet.#make();
    } catch (error) {
      await internet.stop();
      const why = error.stderr?.trim() || error.message;
      throw new Error(`no network namespace: ${why} (Linux, ip, nft and root are needed)`);
    }
    return internet;
  }

  /** The command that runs a program on a link. */
  inside(link, program, args = []) {
    return ["ip", ["netns", "exec", this.#space(link), program, ...args]];
  }

  /** A program that runs another one on a link; `before`: lines of a shell script, in a mount namespace of its own. */
  async wrap(link, program, before = "") {
    const file = path.join(this.#dir, `on-${link}`);
    const script = `#!/bin/sh\nset -e\n${before}\nexec "${program}" "$@"\n`;
    await writeFile(`${file}-inner`, script, { mode: 0o755 });
    const [ip, args] = this.inside(link, `${file}-inner`);
    await writeFile(file, `#!/bin/sh\nexec ${ip} ${args.join(" ")} "$@"\n`, { mode: 0o755 });
    return file;
  }

  /** From now on the browsers' network lets through what the path's name says. */
  async setPath(name, port) {
    await this.#nft(pathRules(name, port));
  }

  /** From now on nothing passes to or from these links; the moment at which it was so. */
  async cut(...links) {
    await this.#nft(outageRules(links));
    return Date.now();
  }

  async restore() {
    return this.cut();
  }

  /** Adds a table to the router. */
  async filter(rules) {
    await this.#nft(rules);
  }

  /** The packets that a counter of such a table has counted. */
  async count(name) {
    const { stdout } = await run(...this.inside("router", "nft", ["--json", "list", "counters"]));
    return readCounters(stdout)[name];
  }

  /** From now on the way to a link carries so many kbit/s. */
  async limit(link, kbit) {
    const rate = ["rate", `${kbit}kbit`, "burst", "20000", "latency", "100ms"];
    const to = ["-n", this.#space("router"), "qdisc", "replace", "dev", link, "root", "tbf"];
    await run("tc", [...to, ...rate]);
  }

  /** A client's link is gone, and its other one, which was down until now, is its only one: another address. */
  async roam(from, to) {
    await this.#ip(this.#space(from), [`addr flush dev ${from}0`, `link set ${from}0 down`]);
    await this.#ip(this.#space("router"), [`link set ${to} up`]);
    await this.#ip(this.#space(from), [
      `link set ${to}0 up`,
      `route replace default via ${gatewayOf(to)}`,
    ]);
    return Date.now();
  }

  /** Puts the far end of a second link into a client's namespace, for it to roam to; it is down. */
  async addSecond(client, link) {
    await this.#link(link, this.#space(client), { isUp: false });
  }

  /** An address that another client has too: what is sent from it looks like that client's. */
  async borrow(link, address) {
    await this.#ip(this.#space(link), [`addr add ${address}/32 dev lo`]);
  }

  /** What resolves names on a link, from its next program on; a server that is not there. */
  async resolveWith(link, nameserver) {
    const folder = `/etc/netns/${this.#space(link)}`;
    await run("mkdir", ["-p", folder]);
    await writeFile(`${folder}/resolv.conf`, `nameserver ${nameserver}\n`);
  }

  async stop() {
    process.off("exit", this.#stopAtExit);
    this.#delete();
    if (this.#dir) await rm(this.#dir, { recursive: true, force: true });
  }

  #space(link) {
    return `${this.#name}-${link}`;
  }

  async #make() {
    this.#dir = await mkdtemp(path.join(tmpdir(), "kaibo-internet-"));
    const router = await this.#add("router");
    await run("ip", ["netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    for (const link of LINKS) {
      if (link === "here") await this.#link(link, null);
      else if (link !== "mobile") await this.#link(link, await this.#add(link));
    }
    await this.#nft(outageRules([]));
    await until(() => this.#isUp("server"), { what: "the server's link" });
  }

  /** A link is not at once up when both of its ends are; a server announces only what is. */
  async #isUp(link) {
    const shown = await run("ip", ["-json", "-n", this.#space(link), "link", "show", `${link}0`]);
    return JSON.parse(shown.stdout)[0].operstate === "UP";
  }

  async #add(what) {
    const space = this.#space(what);
    await run("ip", ["netns", "add", space]);
    this.#spaces.add(space);
    await this.#ip(space, ["link set lo up"]);
    return space;
  }

  /** A link from the router to a namespace, or to this machine. */
  async #link(link, space, { isUp = true } = {}) {
    const router = this.#space("router");
    const [far, where] = space === null ? [`kb${process.pid}`, ["1"]] : [`${link}0`, [space]];
    const peer = ["type", "veth", "peer", "name", far, "netns", ...where];
    await run("ip", ["-n", router, "link", "add", link, ...peer]);
    // An address that comes a second later makes browsers start anew what they were loading.
    const state = isUp ? "up" : "down";
    await this.#ip(router, [
      `link set ${link} addrgenmode none`,
      `addr add ${gatewayOf(link)}/29 dev ${link}`,
      `link set ${link} ${state}`,
    ]);
    const route = space === null ? `${NETWORK}.0/24` : "default";
    await this.#ip(space ?? "", [
      `link set ${far} addrgenmode none`,
      `addr add ${addressOf(link)}/29 dev ${far}`,
      `link set ${far} ${state}`,
      ...(isUp ? [`route add ${route} via ${gatewayOf(link)}`] : []),
    ]);
  }

  async #ip(space, lines) {
    const running = run("ip", [...(space ? ["-n", space] : []), "-batch", "-"]);
    running.child.stdin.end(`${lines.join("\n")}\n`);
    await running;
  }

  async #nft(rules) {
    const [ip, args] = this.inside("router", "nft", ["-f", "-"]);
    const running = run(ip, args);
    running.child.stdin.end(rules);
    await running;
  }

  /** At once: it is called also when the process ends. */
  #delete() {
    for (const space of this.#spaces) {
      for (const pid of tell("ip", "netns", "pids", space).split("\n").filter(Boolean)) {
        kill(Number(pid));
      }
      tell("ip", "netns", "del", space);
      tell("rm", "-rf", `/etc/netns/${space}`);
    }
    this.#spaces.clear();
    // The interfaces go with the namespaces, but not at once.
    tell("ip", "link", "del", `kb${process.pid}`);
  }
}
