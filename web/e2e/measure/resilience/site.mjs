import path from "node:path";
import { fileURLToPath } from "node:url";
import { Program } from "../../lib/programs.mjs";
import { binary, Server } from "../../lib/server.mjs";
import { until } from "../../lib/until.mjs";
import { usageOf } from "../process.mjs";
import { back } from "../recovery.mjs";
import { say } from "../rig.mjs";
import { Internet } from "./internet.mjs";

const CLIENT = fileURLToPath(new URL("client.mjs", import.meta.url));
/** For a client to begin. */
const START_MS = 60_000;
/** Until a host in a browser sends at its best, and fans watch that. */
export const SETTLE_MS = 10_000;
/** Media that is back for so long stays. */
const STEADY_MS = 2_500;
/** A client says within this what it noted. */
const NOTED_MS = 500;

export const ROOM = "default";

/** A server in a namespace, and what is around it, for one measurement. */
export class Site {
  #rig;

  /**
   * `path`: what the browsers' network lets through. `isPlain`: without HTTPS, for clients that speak none. `before`:
   * lines of a shell script that run before the server, in a mount namespace of its own. `nameserver`: who resolves
   * names for it.
   */
  static async start(
    rig,
    { path: way = "udp", isPlain = false, args = [], env = {}, before, nameserver } = {},
  ) {
    const site = new Site();
    site.#rig = rig;
    site.path = way;
    site.isPlain = isPlain;
    site.internet = await rig.own(Internet.start(), (it) => it.stop());
    if (nameserver) await site.internet.resolveWith("server", nameserver);
    const program = await site.internet.wrap("server", binary(), before);
    const tls = isPlain ? [] : ["--tls", "local"];
    const all = ["--publish-open", "all", ...tls, ...args];
    site.server = await rig.own(Server.start({ program, args: all, env }), (it) => it.stop());
    await site.internet.setPath(way, site.server.port);
    return site;
  }

  get base() {
    return `${this.isPlain ? "http" : "https"}://${this.internet.address}:${this.server.port}`;
  }

  /** As the server sees it: mounts of its own are in it. */
  get dataFolder() {
    return `/proc/${this.server.pid}/root${this.server.dataDir}`;
  }

  /** The file of the server's own authority. */
  get authority() {
    return path.join(this.dataFolder, "tls/local-authority.pem");
  }

  /** The WebSocket, for programs that speak no TLS. */
  get socketUrl() {
    return `ws://${this.internet.address}:${this.server.port}/ws`;
  }

  /** Pages of a browser on a link, once they publish or watch. */
  async browser(link, { role, browser = "chromium", pages = 1 }) {
    const authority = this.authority;
    const given = {
      ...{ browser, role, pages, base: this.base, room: ROOM },
      ...(this.isPlain ? {} : { authority }),
      relayOnly: this.path === "turn",
    };
    const program = this.run(link, process.execPath, [CLIENT, JSON.stringify(given)]);
    const client = new Client(program, pages);
    const ended = program.ended().then(() => {
      throw new Error(`${browser} on ${link} has ended: ${program.output}\n${this.server.log}`);
    });
    ended.catch(() => {});
    const begun = program.untilSays(() => true, `${browser} on ${link} to ${role}`, START_MS);
    await Promise.race([begun, ended]);
    return client;
  }

  /** A program on a link; it is ended with the site. */
  run(link, program, args) {
    const started = Program.start(...this.internet.inside(link, program, args));
    void this.#rig.own(Promise.resolve(started), (it) => it.stop());
    return started;
  }

  /** `kaibo bench` on a link: its report once it has ended. */
  async bench(link, options) {
    const args = Object.entries({ url: this.socketUrl, ...options }).flatMap(([name, value]) =>
      value === true ? [`--${name}`] : [`--${name}`, String(value)],
    );
    const program = this.run(link, "/bin/sh", [
      "-c",
      // In one line, as programs say things here.
      `report=$("$0" "$@" | tr -d '\\n'); [ -z "$report" ] || echo "$report"`,
      binary(),
      ...["bench", ...args, "--yes-i-own-this-server", "--json"],
    ]);
    await program.ended();
    const report = program.said.at(-1);
    if (!report?.joins) throw new Error(`kaibo bench said no report: ${program.output}`);
    return report;
  }

  async settle(ms = SETTLE_MS) {
    await this.#rig.sleepUntil(performance.now() + ms);
  }

  /** Waits until a page's frames are back for good, or until a time is over; what became of them since a moment. */
  async untilBack(client, { since, at, withinMs, page = 0 }) {
    const deadline = Date.now() + withinMs;
    let found = { ms: null };
    while (Date.now() < deadline) {
      await this.settle(250);
      const now = Date.now() - NOTED_MS;
      found = back(client.frames(page), { at, until: now });
      if (found.ms !== null && now - at - found.ms > STEADY_MS) break;
    }
    const until = Date.now() - NOTED_MS;
    return { backMs: found.ms, frozenMs: longestGap(client.frames(page), since, until) };
  }

  /** What the server's process uses. */
  usage() {
    return usageOf(this.server.pid);
  }
}

/** The pages of one browser, by what they say. */
class Client {
  #program;
  #pages;
  /** How much of what it said is read. */
  #read = 0;

  constructor(program, pages) {
    this.#program = program;
    this.#pages = Array.from({ length: pages }, () => ({ frames: [], last: null }));
  }

  #catchUp() {
    const { said } = this.#program;
    for (; this.#read < said.length; this.#read += 1) {
      const line = said[this.#read];
      const page = this.#pages[line.page];
      page.frames.push(...line.frames);
      page.last = line;
    }
  }

  /** When the page showed frames, by the wall clock. */
  frames(page = 0) {
    this.#catchUp();
    return this.#pages[page].frames;
  }

  /** What the page said last of how it is connected. */
  standing(page = 0) {
    this.#catchUp();
    return this.#pages[page].last;
  }

  /** Waits for a page to be connected as a check wants it. */
  async until(check, what, withinMs = 20_000, page = 0) {
    return until(() => check(this.standing(page)) && this.standing(page), {
      what: () => `${what}; it is ${JSON.stringify({ ...this.standing(page), frames: undefined })}`,
      withinMs,
    });
  }

  stop() {
    return this.#program.stop();
  }
}

/** The longest time between two frames that ended after a moment; it may have begun before. */
export function longestGap(frames, since, until) {
  const before = frames.findLast((it) => it <= since) ?? since;
  const times = [before, ...frames.filter((it) => it > since && it <= until), until];
  return times.slice(1).reduce((most, it, n) => Math.max(most, it - times[n]), 0);
}

/** What is new between two standings of a page. */
export function changes(before, after) {
  return {
    newPeers: after.peers - before.peers,
    newSockets: after.sockets - before.sockets,
    newOffers: after.offers - before.offers,
    newSessions: after.strangers - before.strangers,
    way: after.way,
  };
}

/** A measurement of a row; says it too. */
export function judged({ name, goal, figure, ok, lacks = null, ...details }) {
  say(`${ok ? "met" : "MISSED"}: ${name}: ${figure}${ok ? "" : ` (goal: ${goal})`}`);
  return { name, goal, figure, ok, lacks: ok ? null : lacks, ...details };
}

export const seconds = (ms) => (ms === null ? "never" : `${(ms / 1000).toFixed(2)} s`);

/** What the way of a page's media is to be, by the path. */
const WAYS = {
  udp: /^\S+ udp$/,
  tcp: /^\S+ tcp$/,
  // A candidate of TURN names the protocol towards the TURN server as well.
  tls: /^\S+ udp tls$/,
  turn: /^\S+ udp tls$/,
};

/** A host and a fan, each in a browser of its own, that are settled; the way of their media is the path's. */
export async function hostAndFan(site, { browser = "chromium", pages = 1 } = {}) {
  const host = await site.browser("host", { role: "publish" });
  const fan = await site.browser("fan", { role: "watch", browser, pages });
  await site.settle();
  for (const [client, who] of [
    [host, "host"],
    [fan, "fan"],
  ]) {
    await client.until(({ way }) => WAYS[site.path].test(way ?? ""), `the way of the ${who}`);
  }
  return { host, fan };
}
