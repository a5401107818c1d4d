import { execFile, execFileSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Only root makes namespaces; a server inside runs as whoever runs the tests. */
const AS_ROOT = process.getuid() === 0 ? [] : ["sudo", "-n"];
const AS_USER = process.getuid() === 0 ? [] : ["sudo", "-n", "-u", userInfo().username];

function root(program, ...args) {
  const [first, ...rest] = [...AS_ROOT, program, ...args];
  return run(first, rest);
}

/**
 * This machine and the server, in a network of four addresses, of those that are set apart for measuring (RFC 2544,
 * appendix C.2.2). Each process has another: several may test at once.
 */
const SUBNET = (process.pid % 0x8000) * 4;
const address = (n) => {
  const at = SUBNET + n;
  return `198.${18 + (at >> 16)}.${(at >> 8) & 0xff}.${at & 0xff}`;
};
const HERE = address(1);
/** The address of a server inside. */
export const SERVER = address(2);

/** What an office's firewall lets through to a server: rules of nftables on the way to this port of it. */
const FIREWALLS = {
  open: () => "",
  /** All, and it is noted which connections `pages` would let through. */
  noted: () => "@ih,0,16 { 0x4745, 0x4845, 0x504f } ct mark set 1",
  /** No UDP at all. */
  tcp: () => "meta l4proto udp drop",
  /**
   * One port, and on it only what begins as TLS does: a record of a handshake (RFC 8446, section 5.1). A packet without
   * a payload has 80 bytes at most.
   */
  tls: (port) => `
    meta l4proto udp drop
    tcp dport != ${port} drop
    ct mark 1 accept
    @ih,0,16 0x1603 ct mark set 1 accept
    meta length > 80 drop`,
  /** One port, and on it only what begins as a request of plain HTTP does: GET, HEAD or POST. */
  pages: (port) => `
    meta l4proto udp drop
    tcp dport != ${port} drop
    ct mark 1 accept
    @ih,0,16 { 0x4745, 0x4845, 0x504f } ct mark set 1 accept
    meta length > 80 drop`,
  /** All, but of the datagrams to one port so many percent, at random. */
  lossy: (port, percent) =>
    `udp dport ${port} numgen random mod 10000 < ${Math.round(percent * 100)} counter drop`,
};

/** The same for what the server sends. */
const OUTWARDS = { pages: "meta l4proto udp drop" };

/**
 * A network namespace for a server, joined to this machine by a pair of interfaces, with a firewall in between. Needs
 * Linux, its tools ip and nft, and root.
 */
export class Network {
  #name;
  #dir;
  /** The name of an interface has 15 characters at most. */
  #near = `kb${process.pid}`.slice(0, 15);
  #stopAtExit = () => this.#delete();

  /** The address of the server, as browsers of this machine have it. */
  address = SERVER;

  /** The address of this machine, as the server has it. */
  here = HERE;

  /** `hosts`: addresses of names that programs inside ask for. */
  static async start(name, { hosts = {} } = {}) {
    const network = new Network();
    network.#name = `kaibo${process.pid}${name}`;
    process.once("exit", network.#stopAtExit);
    try {
      await network.#make();
      await network.#resolve(hosts);
    } catch (error) {
      await network.stop();
      const why = error.stderr?.trim() || error.message;
      throw new Error(`no network namespace: ${why} (Linux, ip, nft and root are needed)`);
    }
    return network;
  }

  /** A program that runs another one inside. */
  async wrap(program) {
    const file = path.join(this.#dir, `inside-${path.basename(program)}`);
    const inside = [...AS_ROOT, "ip", "netns", "exec", this.#name, ...AS_USER];
    const script = `#!/bin/sh\nexec ${inside.join(" ")} "${program}" "$@"\n`;
    await writeFile(file, script, { mode: 0o755 });
    return file;
  }

  /** From now on the firewall lets out what its name says. */
  async firewall(name, port, percent) {
    const rules = `table inet kaibo {
  chain in {
    type filter hook input priority filter
    iifname lo accept
    ${FIREWALLS[name](port, percent)}
  }
  chain out {
    type filter hook output priority filter
    oifname lo accept
    ${name in OUTWARDS ? OUTWARDS[name] : ""}
  }
}
`;
    const running = root("ip", "netns", "exec", this.#name, "nft", "-f", "-");
    running.child.stdin.end(`table inet kaibo\ndelete table inet kaibo\n${rules}`);
    await running;
  }

  /** Datagrams that a lossy firewall has dropped so far. */
  async dropped() {
    const list = ["nft", "list", "chain", "inet", "kaibo", "in"];
    const { stdout } = await root("ip", "netns", "exec", this.#name, ...list);
    return Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? 0);
  }

  /** Bytes that have come from the server on the wire, headers of all layers included. */
  async received() {
    const counter = `/sys/class/net/${this.#near}/statistics/rx_bytes`;
    return Number(await readFile(counter, "utf8"));
  }

  async stop() {
    process.off("exit", this.#stopAtExit);
    this.#delete();
    if (this.#dir) await rm(this.#dir, { recursive: true, force: true });
  }

  /** `ip netns exec` shows programs this file as `/etc/hosts`. */
  async #resolve(hosts) {
    const names = Object.entries({ localhost: "127.0.0.1", ...hosts });
    const folder = `/etc/netns/${this.#name}`;
    const lines = names.map(([name, address]) => `${address} ${name}\n`).join("");
    const file = path.join(this.#dir, "hosts");
    await writeFile(file, lines);
    await root("mkdir", "-p", folder);
    await root("cp", file, `${folder}/hosts`);
  }

  #delete() {
    // The system takes a namespace down later, and the pair with it; the next network has a pair of the same name.
    this.#quietly("ip", "link", "del", this.#near);
    this.#quietly("ip", "netns", "del", this.#name);
    this.#quietly("rm", "-rf", `/etc/netns/${this.#name}`);
  }

  /** Does it now, also while the process ends. What was never made need not be taken down. */
  #quietly(...command) {
    const [first, ...rest] = [...AS_ROOT, ...command];
    try {
      execFileSync(first, rest, { stdio: "ignore" });
    } catch {
      // It was never made.
    }
  }

  async #make() {
    this.#dir = await mkdtemp(path.join(tmpdir(), "kaibo-network-"));
    const inside = ["-n", this.#name];
    const near = this.#near;
    await root("ip", "netns", "add", this.#name);
    const peer = ["peer", "name", "up0", "netns", this.#name];
    await root("ip", "link", "add", near, "type", "veth", ...peer);
    // An address that comes a second later makes browsers start anew what they were loading.
    await root("ip", "link", "set", near, "addrgenmode", "none");
    await root("ip", "addr", "add", `${HERE}/30`, "dev", near);
    await root("ip", "link", "set", near, "up");
    await root("ip", ...inside, "link", "set", "up0", "addrgenmode", "none");
    await root("ip", ...inside, "addr", "add", `${SERVER}/30`, "dev", "up0");
    await root("ip", ...inside, "link", "set", "up0", "up");
    await root("ip", ...inside, "link", "set", "lo", "up");
  }
}

/** Makes a browser's store of certificates trust an authority: Chromium's is below its home, Firefox's its profile. */
export async function trustIn(folder, authority) {
  const store = `sql:${folder}`;
  await run("certutil", ["-N", "--empty-password", "-d", store]).catch(() => {});
  await run("certutil", ["-A", "-d", store, "-n", "kaibo", "-t", "C,,", "-i", authority]);
}
