import { spawn } from "node:child_process";
import { once } from "node:events";
import { Network } from "../lib/network.mjs";
import { binary, Server } from "../lib/server.mjs";
import { percentile } from "./figures.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `kaibo bench against a server in a network namespace, over a pair of interfaces (veth), and over loopback in turn.
Needs Linux, its tools ip and nft, and root. web/e2e/measure/README.md describes the report.`;

const WAYS = ["loopback", "veth"];
const RECEIVERS = ["gro", "plain"];

const TABLE = {
  viewers: { default: 150, min: 1, max: 2_000, help: "viewers of one room" },
  rate: { default: 100, min: 1, max: 1_000, help: "viewers that join a second" },
  kbit: { default: 2_500, min: 50, max: 20_000, help: "video of the publisher, in kbit/s" },
  seconds: { default: 10, min: 2, max: 120, help: "how long is measured each time, in s" },
  times: { default: 3, min: 1, max: 20, help: "runs of each kind, in turns" },
  receivers: { default: "both", one: ["both", ...RECEIVERS], help: "both, gro or plain" },
  json: { default: null, help: "file to write the report to" },
};

/** For joining, leaving and the tool's own pauses. */
const OVERHEAD_MS = 60_000;

async function measure(rig, options) {
  const network = await rig.own(Network.start("v"), (it) => it.stop());
  // All viewers come from one address.
  const args = [
    "--publish-open",
    "all",
    ...["--trust-network", "198.18.78.0/24", "--trust-network", "127.0.0.0/8"],
    ...["--max-viewers", "2500", "--max-peers", "5000", "--joins-per-second-in-all", "2000"],
  ];
  const inside = { program: await network.wrap(binary()), args };
  const servers = {
    veth: await rig.own(Server.start(inside), (it) => it.stop()),
    loopback: await rig.own(Server.start({ args }), (it) => it.stop()),
  };
  const addresses = { veth: network.address, loopback: "127.0.0.1" };
  const wanted = RECEIVERS.filter((it) => ["both", it].includes(options.receivers));
  const kinds = wanted.flatMap((receivers) => WAYS.map((way) => ({ way, receivers, runs: [] })));
  const failed = [];
  for (let n = 0; n < options.times; n += 1) {
    for (const { way, receivers, runs } of kinds) {
      const server = servers[way];
      const url = `ws://${addresses[way]}:${server.port}/ws`;
      const report = await bench(rig, { url, pid: server.pid, receivers, options });
      runs.push(report);
      say(`${way}, ${receivers}, run ${n + 1}: ${brief(report)}`);
      if (!report.ok)
        failed.push(`${way}, ${receivers}, run ${n + 1}: not all joined, stayed and got all`);
    }
  }
  return { report: { options, machine: rig.machine(), kinds }, failed };
}

async function bench(rig, { url, pid, receivers, options }) {
  const { viewers, rate, kbit, seconds } = options;
  const given = { url, pid, receivers, viewers, rate, "video-bitrate": kbit, duration: seconds };
  const args = Object.entries(given).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const flags = ["--json", "--yes-i-own-this-server"];
  const child = spawn(binary(), ["bench", ...args, ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  await rig.own(Promise.resolve(child), (it) => it.kill("SIGKILL"));
  let [said, told] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    told = (told + text).slice(-2_000);
  });
  await once(child, "close");
  if (!said.startsWith("{")) throw new Error(`kaibo bench gave no report: ${told}`);
  return JSON.parse(said);
}

const shown = (value, digits = 2) => (value === null ? "-" : value.toFixed(digits));

function brief({ server, steady }) {
  const { p50, p99 } = steady.delay_ms;
  return `${shown(server.cpu_us_per_packet)} µs a packet, delay p50 ${shown(p50)}, p99 ${shown(p99)} ms, lost ${steady.loss_percent} %`;
}

function describe({ kinds, options, machine }) {
  const rows = kinds.map(({ way, receivers, runs }) => {
    const median = (read) => shown(percentile(runs.map(read), 0.5));
    const cpu = runs.map(({ server }) => server.cpu_us_per_packet);
    return [
      `${way}, ${receivers}`.padEnd(18),
      median((it) => it.server.cpu_us_per_packet).padEnd(8),
      `${shown(Math.min(...cpu))} to ${shown(Math.max(...cpu))}`.padEnd(16),
      median((it) => it.steady.delay_ms.p50).padEnd(8),
      median((it) => it.steady.delay_ms.p99).padEnd(8),
      median((it) => it.steady.loss_percent),
    ].join("");
  });
  return [
    `${options.viewers} viewers of ${options.kbit} kbit/s; medians of ${options.times} runs in turns`,
    "                  µs a packet, and range   p50, p99 delay (ms)   lost (%)",
    ...rows,
    `machine: ${machine.cpus} cores, load ${machine.load1}`,
  ].join("\n");
}

await main({
  summary: SUMMARY,
  table: TABLE,
  limitMs: ({ times, seconds, viewers, rate }) =>
    OVERHEAD_MS + times * 4 * (seconds * 1000 + (viewers / rate) * 1000 + 30_000),
  measure,
  describe,
});
