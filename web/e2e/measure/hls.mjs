import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { ffmpeg } from "../lib/programs.mjs";
import { binary, Server } from "../lib/server.mjs";
import { HlsViewer } from "./hls-viewer.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `What viewers of LL-HLS cost a server: CPU, bytes and requests. A film of H264 and Opus is sent by WHIP, and players of HLS
take it as hls.js does. Linux only. web/e2e/measure/README.md describes the report.`;

const TABLE = {
  viewers: { default: 50, min: 1, max: 1_000, help: "players of HLS" },
  seconds: { default: 20, min: 5, max: 600, help: "time that is measured, in s" },
  kbps: { default: 2_500, min: 100, max: 20_000, help: "bit rate of the picture, in kbit/s" },
  "goal-ms": {
    default: 2_000,
    min: 1,
    max: 60_000,
    help: "latency that half of the parts may have, in ms",
  },
  json: { default: null, help: "file to write the report to" },
};

const OVERHEAD_MS = 240_000;
const FILM_S = 20;
const SETTLE_MS = 4_000;
const ROOM = "cost";

async function measure(rig, { viewers: n, seconds, kbps, "goal-ms": goalMs }) {
  const film = path.join(tmpdir(), `kaibo-hls-${process.pid}.mp4`);
  await rig.own(makeFilm(film, kbps), () => rm(film, { force: true }));
  const server = await rig.own(
    Server.start({ args: ["--publish-open", "all", "--hls", "on"] }),
    (it) => it.stop(),
  );
  const args = ["play", "--loop", film, `${server.base}/whip/${ROOM}`];
  const host = spawn(binary(), args, { stdio: "ignore" });
  await rig.own(Promise.resolve(host), (it) => it.kill("SIGKILL"));
  await once(host, "spawn");

  const over = async () => {
    await delay(SETTLE_MS);
    const before = { at: performance.now(), cpuMs: await cpuMs(server.pid) };
    await rig.sleepUntil(before.at + seconds * 1_000);
    const lasted = (performance.now() - before.at) / 1_000;
    return { seconds: lasted, cpuMs: (await cpuMs(server.pid)) - before.cpuMs };
  };
  const viewers = [];
  const enter = async () => {
    const viewer = await rig.own(HlsViewer.start(`${server.base}/hls/${ROOM}`), (it) => it.stop());
    viewers.push(viewer);
  };
  const alone = await over();
  say("the host alone is measured");
  await enter();
  const packaged = await over();
  say("one viewer is measured");
  while (viewers.length < n)
    await Promise.all(Array.from({ length: Math.min(10, n - viewers.length) }, enter));
  await delay(SETTLE_MS);
  for (const it of viewers) it.begin();
  const all = await over();
  const taken = viewers.map((it) => it.taken());
  const sum = (of) => taken.reduce((total, it) => total + it[of], 0);
  const each = (total) => total / n / (all.seconds + SETTLE_MS / 1_000);
  const delays = taken.flatMap((it) => it.delaysMs).sort((a, b) => a - b);
  const at = (share) =>
    delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? null;
  const percent = (it) => it.cpuMs / it.seconds / 10;
  const report = {
    options: { viewers: n, seconds, kbps },
    machine: rig.machine(),
    cpuPercent: { alone: percent(alone), packaged: percent(packaged), all: percent(all) },
    eachCpuMsPerSecond: ((percent(all) - percent(packaged)) * 10) / Math.max(1, n - 1),
    requestsPerSecond: each(sum("requests")),
    mediaKbps: (each(sum("mediaBytes")) * 8) / 1_000,
    wireKbps: (each(sum("wireBytes")) * 8) / 1_000,
    parts: sum("parts"),
    missed: sum("missed"),
    latencyMs: { p50: at(0.5), p99: at(0.99) },
    faults: viewers.flatMap((it) => it.faults).slice(0, 5),
  };
  const failed = report.faults.map((it) => `a player failed: ${it}`);
  if (report.missed > 0) failed.push(`${report.missed} parts were gone before they were asked for`);
  if (!(report.latencyMs.p50 <= goalMs)) failed.push(`a part is ${report.latencyMs.p50} ms old`);
  return { report, failed };
}

async function makeFilm(file, kbps) {
  await promisify(execFile)(ffmpeg(), [
    ...[
      "-v",
      "error",
      "-nostdin",
      "-y",
      "-f",
      "lavfi",
      "-i",
      `testsrc2=s=1280x720:r=30:d=${FILM_S}`,
    ],
    ...["-f", "lavfi", "-i", `sine=frequency=440:sample_rate=48000:duration=${FILM_S}`],
    ..."-vf noise=alls=20:allf=t -c:v libx264 -preset ultrafast -tune zerolatency".split(" "),
    ..."-profile:v baseline -pix_fmt yuv420p -g 60 -nal-hrd cbr".split(" "),
    ...[
      "-b:v",
      `${kbps}k`,
      "-minrate",
      `${kbps}k`,
      "-maxrate",
      `${kbps}k`,
      "-bufsize",
      `${kbps / 4}k`,
    ],
    ..."-c:a libopus -ac 2 -b:a 64k".split(" "),
    file,
  ]);
  return file;
}

/** Fields 14 and 15 of proc(5), in hundredths of a second. */
async function cpuMs(pid) {
  const stat = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ").at(-1).split(" ");
  return (Number(stat[11]) + Number(stat[12])) * 10;
}

function describe({ options, machine, cpuPercent, latencyMs, ...it }) {
  const round = (value, digits = 1) => Number(value.toFixed(digits));
  return [
    `${options.viewers} viewers of HLS for ${options.seconds} s, picture of ${options.kbps} kbit/s`,
    `CPU of a core: the host alone ${round(cpuPercent.alone)} %, with one viewer ${round(cpuPercent.packaged)} %, with all ${round(cpuPercent.all)} %: ${round(it.eachCpuMsPerSecond, 2)} ms a second for each`,
    `each: ${round(it.requestsPerSecond)} requests a second, ${round(it.mediaKbps, 0)} kbit/s of media, ${round(it.wireKbps, 0)} kbit/s with lists and headers`,
    `age of a part when it is there: p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms; ${it.parts} parts, ${it.missed} missed`,
    `machine: ${machine.cpus} cores, load ${machine.load1}`,
  ].join("\n");
}

await main({
  summary: SUMMARY,
  table: TABLE,
  limitMs: ({ seconds }) => OVERHEAD_MS + 3 * seconds * 1_000,
  measure,
  describe,
});
