import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { ffmpeg } from "../lib/programs.mjs";
import { binary, Server } from "../lib/server.mjs";
import { percentile } from "./figures.mjs";
import { HlsViewer } from "./hls-viewer.mjs";
import { usageOf } from "./process.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `What viewers of LL-HLS cost a server: CPU, bytes and requests. A film of H264 and Opus is sent by WHIP, and players
of HLS take it as hls.js does. Linux only. web/e2e/measure/README.md describes the report.`;

const TABLE = {
  viewers: { default: 50, min: 2, max: 1_000, help: "players of HLS" },
  seconds: { default: 20, min: 5, max: 600, help: "time that is measured, in s" },
  kbps: { default: 2_500, min: 100, max: 20_000, help: "bit rate of the picture, in kbit/s" },
  "goal-ms": {
    default: 2_000,
    min: 1,
    max: 60_000,
    help: "most that half of the parts may be old, in ms",
  },
  json: { default: null, help: "file to write the report to" },
};

/** For making the film, and for players to come. */
const OVERHEAD_MS = 240_000;
const FILM_S = 20;
/** What begins is not measured. */
const SETTLE_MS = 4_000;
/** So many players come at once. */
const AT_ONCE = 10;
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

  const viewers = [];
  const cpu = async () => (await usageOf(server.pid)).cpuMs;
  const over = async () => {
    await rig.sleepUntil(performance.now() + SETTLE_MS);
    for (const it of viewers) it.begin();
    const before = { at: performance.now(), cpuMs: await cpu() };
    await rig.sleepUntil(before.at + seconds * 1_000);
    const lasted = (performance.now() - before.at) / 1_000;
    return { seconds: lasted, percent: ((await cpu()) - before.cpuMs) / lasted / 10 };
  };
  const enter = async () => {
    const viewer = await rig.own(HlsViewer.start(`${server.base}/hls/${ROOM}`), (it) => it.stop());
    viewers.push(viewer);
  };
  const alone = await over();
  say("the host alone is measured");
  await enter();
  const packaged = await over();
  say("one viewer is measured");
  while (viewers.length < n) {
    const coming = Math.min(AT_ONCE, n - viewers.length);
    await Promise.all(Array.from({ length: coming }, enter));
  }
  const all = await over();
  const taken = viewers.map((it) => it.taken());
  const sum = (of) => taken.reduce((total, it) => total + it[of], 0);
  const each = (of) => sum(of) / n / all.seconds;
  const ages = taken.flatMap((it) => it.agesMs);
  const report = {
    options: { viewers: n, seconds, kbps },
    machine: rig.machine(),
    cpuPercent: { alone: alone.percent, packaged: packaged.percent, all: all.percent },
    eachCpuMsPerSecond: ((all.percent - packaged.percent) * 10) / (n - 1),
    requestsPerSecond: each("requests"),
    mediaKbps: (each("mediaBytes") * 8) / 1_000,
    wireKbps: (each("wireBytes") * 8) / 1_000,
    parts: sum("parts"),
    missed: sum("missed"),
    ageMs: { p50: percentile(ages, 0.5), p99: percentile(ages, 0.99) },
    faults: viewers.flatMap((it) => it.faults).slice(0, 5),
  };
  const failed = report.faults.map((it) => `a player failed: ${it}`);
  if (report.missed > 0) failed.push(`${report.missed} parts were gone before they were asked for`);
  const { p50 } = report.ageMs;
  if (p50 === null) failed.push("no part came");
  else if (p50 > goalMs) failed.push(`half of the parts are older than ${p50} ms`);
  return { report, failed };
}

async function makeFilm(file, kbps) {
  const picture = `testsrc2=s=1280x720:r=30:d=${FILM_S}`;
  const sound = `sine=frequency=440:sample_rate=48000:duration=${FILM_S}`;
  const rate = `-b:v ${kbps}k -minrate ${kbps}k -maxrate ${kbps}k -bufsize ${kbps / 4}k`;
  const h264 = `-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -g 60 ${rate}`;
  await promisify(execFile)(ffmpeg(), [
    ..."-v error -nostdin -y".split(" "),
    ...["-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound],
    // Noise costs bits as a camera's picture does.
    ..."-vf noise=alls=20:allf=t -pix_fmt yuv420p -nal-hrd cbr".split(" "),
    ...h264.split(" "),
    ..."-c:a libopus -ac 2 -b:a 64k".split(" "),
    file,
  ]);
}

function describe({ options, machine, cpuPercent, ageMs, ...it }) {
  const round = (value, digits = 1) => Number(value.toFixed(digits));
  return [
    `${options.viewers} viewers of HLS for ${options.seconds} s, picture of ${options.kbps} kbit/s`,
    `CPU of a core: the host alone ${round(cpuPercent.alone)} %, with one viewer ${round(cpuPercent.packaged)} %, with all ${round(cpuPercent.all)} %: ${round(it.eachCpuMsPerSecond, 2)} ms a second for each`,
    `each: ${round(it.requestsPerSecond)} requests a second, ${round(it.mediaKbps, 0)} kbit/s of media, ${round(it.wireKbps, 0)} kbit/s with lists and headers`,
    `age of a part when it is there: p50 ${ageMs.p50} ms, p99 ${ageMs.p99} ms; ${it.parts} parts, ${it.missed} missed`,
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
