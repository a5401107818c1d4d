import net from "node:net";
import { judged, Site } from "./site.mjs";
import { BareSocket } from "./sockets.mjs";

const SOCKETS = 5_000;
const ROOMS = 10;
const HALF_OPEN = 5_000;
const AT_ONCE = 100;
/** Three pings of the server. */
const WATCH_MS = 60_000;
const GOAL_KB = 20;
const GOAL_CORE = 0.03;
const GOAL_MS = 1_000;

/** R19: thousands of WebSockets that do nothing but answer pings, then as many connections with half a request. */
export async function idleSockets(rig) {
  const limits = { "max-viewers": 10_000, "max-peers": 12_000, "max-connections": 18_000 };
  const args = Object.entries(limits).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const all = [...args, "--trust-network", "198.18.80.0/24", "--joins-per-second-in-all", "5000"];
  const site = await Site.start(rig, { isPlain: true, args: all });
  const before = await site.usage();
  const sockets = [];
  const open = async () => {
    const path = `/ws?room=idle-${sockets.length % ROOMS}&role=fan`;
    const { address: host } = site.internet;
    sockets.push(await BareSocket.open({ host, port: site.server.port, path }));
  };
  while (sockets.length < SOCKETS) await Promise.all(Array.from({ length: AT_ONCE }, open));
  await rig.own(Promise.resolve(), () => sockets.map((it) => it.connection.destroy()));
  await site.settle(5_000);
  const from = { at: performance.now(), ...(await site.usage()) };
  await site.settle(WATCH_MS);
  const to = { at: performance.now(), ...(await site.usage()) };
  const kept = sockets.filter(({ closed }) => closed === null).length;
  const eachKb = (to.rssKb - before.rssKb) / SOCKETS;
  const core = (to.cpuMs - from.cpuMs) / (to.at - from.at);
  const lacks = [
    ...(kept === SOCKETS ? [] : [`${SOCKETS - kept} were closed`]),
    ...(eachKb <= GOAL_KB ? [] : ["they take more memory"]),
    ...(core <= GOAL_CORE ? [] : ["pings take more of a core"]),
  ];
  const idle = judged({
    name: `R19: ${SOCKETS} idle WebSockets`,
    goal: `at most ${GOAL_KB} kB each, pings at most ${GOAL_CORE * 100} % of a core`,
    figure: `${eachKb.toFixed(1)} kB each, ${(core * 100).toFixed(1)} % of a core; ${kept} of ${SOCKETS} are open after ${WATCH_MS / 1000} s`,
    ok: lacks.length === 0,
    lacks: lacks.join(", "),
    ...{ before, from, to },
  });

  const half = new HalfOpen(site);
  await rig.own(Promise.resolve(half), (it) => it.stop());
  await half.fill();
  const report = await site.bench("others", {
    ...{ viewers: 100, rate: 20, "video-bitrate": 300, duration: 3 },
  });
  const held = half.held;
  const { joins } = report;
  const p99 = Math.round(joins.first_packet_ms?.p99 ?? Number.POSITIVE_INFINITY);
  const isIn = joins.failed === 0 && p99 <= GOAL_MS;
  return [
    idle,
    judged({
      name: `R19: beside them ${HALF_OPEN} connections with half a request`,
      goal: `joins p99 below ${GOAL_MS} ms`,
      figure: `${joins.succeeded} of 100 joins, first packet p50 ${Math.round(joins.first_packet_ms?.p50)}, p99 ${p99} ms; ${held} half open then, ${half.opened} opened in all`,
      ok: isIn,
      lacks: "joins fail, or are late",
      ...{ joins, held, opened: half.opened },
    }),
  ];
}

/** Connections with half a head of a request; what the server closes is opened again. */
class HalfOpen {
  #site;
  #connections = new Set();
  #isEnding = false;
  opened = 0;

  constructor(site) {
    this.#site = site;
  }

  get held() {
    return this.#connections.size;
  }

  async fill() {
    while (this.held < HALF_OPEN) {
      const wanted = Math.min(AT_ONCE, HALF_OPEN - this.held);
      await Promise.all(Array.from({ length: wanted }, () => this.#open()));
    }
  }

  #open() {
    this.opened += 1;
    const { address: host } = this.#site.internet;
    const connection = net.connect({ host, port: this.#site.server.port });
    return new Promise((resolve) => {
      connection.on("connect", () => {
        this.#connections.add(connection);
        connection.write("GET / HTTP/1.1\r\nHost: x\r\nX-Half");
        resolve();
      });
      connection.on("error", resolve);
      connection.on("close", () => {
        this.#connections.delete(connection);
        resolve();
        if (!this.#isEnding) setTimeout(() => void this.#open(), 100);
      });
    });
  }

  stop() {
    this.#isEnding = true;
    for (const connection of this.#connections) connection.destroy();
  }
}
