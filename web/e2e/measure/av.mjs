import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Network } from "../lib/network.mjs";
import { binary, Server } from "../lib/server.mjs";
import { until } from "../lib/until.mjs";
import { compare, makeFilm, marksOf } from "./flash-beep.mjs";
import { main, say } from "./rig.mjs";

const SUMMARY = `Whether sound and picture of a recording belong together: a film with a flash and a beep each second is sent by WHIP over a
network that loses datagrams. Needs Linux, its tools ip and nft, and root. web/e2e/measure/README.md describes the report.`;

const TABLE = {
  seconds: { default: 600, min: 20, max: 3_600, help: "length of the film, in s" },
  loss: {
    default: 2,
    min: 0,
    max: 50,
    help: "datagrams that are lost on the way to the server, in %",
  },
  "goal-ms": {
    default: 20,
    min: 1,
    max: 1_000,
    help: "most that flash and beep may be apart, in ms",
  },
  keep: { default: null, help: "folder that film and recording are left in" },
  json: { default: null, help: "file to write the report to" },
};

/** For making the film and reading what became of it. */
const OVERHEAD_MS = 300_000;
const ROOM = "av";

async function measure(rig, options) {
  const { seconds, loss } = options;
  const folder = options.keep ?? (await temporary(rig));
  await mkdir(folder, { recursive: true });
  const film = path.join(folder, "film.webm");
  await makeFilm(film, seconds);
  const sent = compare(await marksOf(film));
  say(`the film: ${brief(sent)}`);

  const network = await rig.own(Network.start("av"), (it) => it.stop());
  const args = ["--publish-open", "all", "--record", "always"];
  const inside = { program: await network.wrap(binary()), args };
  const server = await rig.own(Server.start(inside), (it) => it.stop());
  await network.firewall(loss > 0 ? "lossy" : "open", server.udpPort, loss);
  const base = `http://${network.address}:${server.port}`;
  await play(rig, film, `${base}/whip/${ROOM}`);
  const dropped = await network.dropped();
  say(`sent; ${dropped} datagrams were lost on the way`);

  const read = async () => (await fetch(`${base}/api/rooms/${ROOM}/recordings`)).json();
  const recording = await until(async () => (await read()).items[0], { what: "a recording" });
  const marks = { flashes: [], beeps: [] };
  for (const { name, at } of recording.files) {
    const url = `${base}/api/rooms/${ROOM}/recordings/${recording.id}/files/${name}`;
    const file = path.join(folder, name);
    await writeFile(file, (await fetch(url)).body);
    for (const [kind, list] of Object.entries(await marksOf(file))) {
      marks[kind].push(...list.map((it) => ({ ...it, at: it.at + at })));
    }
  }
  const recorded = compare(marks, sent.medianMs);
  const report = { options, machine: rig.machine(), sent, dropped, recording, recorded };
  return { report, failed: shortcomings(report) };
}

/** A folder that is gone afterwards. */
function temporary(rig) {
  const remove = (it) => rm(it, { recursive: true, force: true });
  return rig.own(mkdtemp(path.join(tmpdir(), "kaibo-av-")), remove);
}

/** Sends the film in real time. */
async function play(rig, film, url) {
  const child = spawn(binary(), ["play", film, url], { stdio: ["ignore", "ignore", "pipe"] });
  await rig.own(Promise.resolve(child), (it) => it.kill("SIGKILL"));
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text) => {
    told = (told + text).slice(-2_000);
  });
  const [status] = await once(child, "close");
  if (status !== 0) throw new Error(`kaibo play ended with ${status}: ${told}`);
}

/** What a recording does not fulfil. A mark that was lost with its datagram is no fault. */
function shortcomings({ options, recorded }) {
  const failed = [];
  const { compared, seconds, worstMs } = recorded;
  if (compared < seconds / 2) failed.push(`${compared} of ${seconds} seconds could be compared`);
  if (Math.abs(worstMs) > options["goal-ms"]) {
    failed.push(`a flash is ${worstMs} ms from its beep`);
  }
  return failed;
}

function brief({ seconds, compared, cut, lostFlashes, lostBeeps, ...ms }) {
  const lost = `${cut} cut, lost ${lostFlashes} flashes and ${lostBeeps} beeps`;
  const drift = `at the beginning ${ms.beginMs}, at the end ${ms.endMs}`;
  return `${compared} of ${seconds} seconds (${lost}): flash minus beep ${ms.medianMs} ms, p95 ${ms.p95Ms}, worst ${ms.worstMs}; ${drift}`;
}

function describe({ sent, recorded, dropped, options, machine }) {
  return [
    `${options.seconds} s, ${options.loss} % loss on the way to the server (${dropped} datagrams)`,
    `the film:      ${brief(sent)}`,
    `the recording: ${brief(recorded)}, beyond that of the film`,
    `machine: ${machine.cpus} cores, load ${machine.load1}`,
  ].join("\n");
}

await main({
  summary: SUMMARY,
  table: TABLE,
  limitMs: ({ seconds }) => OVERHEAD_MS + seconds * 1000,
  measure,
  describe,
});
