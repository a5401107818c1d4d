import { execFile, spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { PATIENCE_MS, until } from "./until.mjs";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const GST = fileURLToPath(new URL("../clients/gst.py", import.meta.url));
const GST_HLS = fileURLToPath(new URL("../clients/gst_hls.py", import.meta.url));
const GST_FILE = fileURLToPath(new URL("../clients/gst_file.py", import.meta.url));
/** The one that apt's GStreamer is bound to. */
const PYTHON = process.env.GST_PYTHON ?? "/usr/bin/python3";

/** Where `./test` put a static build, or the one that is installed. */
export function ffmpeg() {
  const folder = path.join(ROOT, "target/tools/imageio_ffmpeg/binaries");
  const name = existsSync(folder) && readdirSync(folder).find((file) => file.startsWith("ffmpeg"));
  return process.env.FFMPEG ?? (name ? path.join(folder, name) : "ffmpeg");
}

/** A program of somebody else's that publishes or plays. */
export class Program {
  #child;
  #exited;
  #output = "";
  /** What it said in JSON, a line each. */
  said = [];

  static start(command, args) {
    const program = new Program();
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] });
    program.#child = child;
    // A test that ends by accident leaves none behind.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    program.#exited = new Promise((resolve) => {
      child.once("error", (error) => {
        program.#output += `cannot start ${command}: ${error.message}\n`;
        resolve(null);
      });
      child.once("close", resolve);
    }).finally(() => process.off("exit", kill));
    child.stderr.setEncoding("utf8").on("data", (text) => {
      program.#output += text;
    });
    let rest = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      program.said.push(...lines.map((line) => JSON.parse(line)));
    });
    return program;
  }

  /** What it wrote for people. */
  get output() {
    return this.#output;
  }

  /** Waits until it ends by itself; its status. */
  ended() {
    return this.#exited;
  }

  /** Waits for something that it says. */
  async untilSays(check, what, withinMs = PATIENCE_MS) {
    const last = () => JSON.stringify(this.said.at(-1));
    return until(() => this.said.find(check), {
      what: () => `${what}; it said last ${last()}, and ${this.#output}`,
      withinMs,
    });
  }

  /** As Ctrl+C does it: it ends its session first. */
  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGINT");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await this.#exited;
    clearTimeout(timer);
  }
}

const color = (name) => `color=${name}:s=320x180:r=30`;
const PICTURE = [
  `${color("red")}[a];${color("lime")}[b];${color("blue")}[c];${color("yellow")}[d]`,
  "[a][b]hstack[top];[c][d]hstack[bottom];[top][bottom]vstack[quarters]",
  "color=white:s=40x40:r=30[bar];[quarters][bar]overlay=x='mod(t*320,640)':y=160",
].join(";");
const H264 =
  "-c:v libx264 -preset ultrafast -tune zerolatency -profile:v baseline -pix_fmt yuv420p";

/**
 * ffmpeg publishes four coloured quarters with a bar that moves between them, and a tone of 440 Hz. `program` runs it, as
 * inside another network.
 */
export function publishWithFfmpeg(url, { key, program = ffmpeg() } = {}) {
  return Program.start(program, [
    ..."-nostdin -hide_banner -loglevel error".split(" "),
    ...["-re", "-f", "lavfi", "-i", PICTURE],
    ..."-re -f lavfi -i sine=frequency=440:sample_rate=48000".split(" "),
    ...H264.split(" "),
    ..."-bf 0 -g 30 -b:v 1M -c:a libopus -ac 2 -b:a 96k".split(" "),
    ...["-f", "whip", ...(key ? ["-authorization", key] : []), url],
  ]);
}

/** ffmpeg decodes a file: how long it is, how many frames it has, and what is wrong with it. */
export async function decoded(url) {
  const args = ["-nostdin", "-v", "warning", "-i", url, "-fps_mode", "passthrough"];
  // Times to a millisecond: else frames that are close are said to be at one time.
  const report = ["-enc_time_base", "1:1000", "-f", "null", "-progress", "pipe:1", "-"];
  const { stdout, stderr } = await promisify(execFile)(ffmpeg(), [...args, ...report]);
  const last = (name) =>
    Number([...stdout.matchAll(new RegExp(`^${name}=(\\d+)`, "gm"))].at(-1)?.[1]);
  return { seconds: last("out_time_us") / 1e6, frames: last("frame"), faults: stderr.trim() };
}

/** ffmpeg decodes the pictures of a file: when each is shown, whether it is a keyframe, and its light, 80 by 45 points. */
export async function pictures(url) {
  const filters = "showinfo=checksum=0,scale=80:45:flags=area,format=gray";
  const args = ["-nostdin", "-hide_banner", "-i", url, "-an", "-vf", filters];
  const raw = [..."-fps_mode passthrough -f rawvideo pipe:1".split(" ")];
  const options = { encoding: "buffer", maxBuffer: 2 ** 28 };
  const { stdout, stderr } = await promisify(execFile)(ffmpeg(), [...args, ...raw], options);
  const told = [...String(stderr).matchAll(/ n: *(\d+) .* pts_time:(\S+) .* iskey:(\d)/g)];
  return told.map(([, n, at, key]) => ({
    at: Number(at),
    isKey: key === "1",
    light: stdout.subarray(n * 80 * 45, (Number(n) + 1) * 80 * 45),
  }));
}

/** ffmpeg sends the same picture as RTP to a port of this machine. */
export function sendRtpWithFfmpeg(port) {
  return Program.start(ffmpeg(), [
    ..."-nostdin -hide_banner -loglevel error".split(" "),
    ...["-re", "-f", "lavfi", "-i", PICTURE],
    ...H264.split(" "),
    ..."-bf 0 -g 30 -b:v 1M -an -f rtp".split(" "),
    // The description goes to standard output, where JSON is expected.
    ...["-sdp_file", "/dev/null", `rtp://127.0.0.1:${port}?pkt_size=1100`],
  ]);
}

/** GStreamer publishes much the same. */
export function publishWithGstreamer(url) {
  return Program.start(PYTHON, [GST, "publish", url]);
}

/** GStreamer plays, and says what it sees and hears. */
export function playWithGstreamer(url) {
  return Program.start(PYTHON, [GST, "play", url]);
}

/** GStreamer plays HLS, and says how much it has shown. */
export function playHlsWithGstreamer(url) {
  return Program.start(PYTHON, [GST_HLS, url]);
}

/**
 * GStreamer plays a file to its end: how long it is, and of each stream its codec and the frames that were `parsed` and
 * `decoded`, with when they are played, in seconds. `decoded` is null where this machine's GStreamer has no decoder.
 */
export async function playFileWithGstreamer(url) {
  const program = Program.start(PYTHON, [GST_FILE, url]);
  await program.ended();
  const [told] = program.said;
  if (!told) throw new Error(`GStreamer does not play ${url}: ${program.output}`);
  return told;
}
