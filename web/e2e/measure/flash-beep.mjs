/* A film with a flash and a beep each second, and when they are in a film that became of it. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ffmpeg } from "../lib/programs.mjs";
import { percentile } from "./figures.mjs";

const RATE = 48_000;
/** How light a picture is on average that is a flash, and how loud a beep: both are half of what is made. */
const LIGHT = 150;
const LOUD = 0.25 * 32_768;
/** A beep is over after so long; its own waves are shorter. */
const QUIET_S = 0.3;
/** Frames that follow each other are closer than this: else there is one missing between them. */
const FRAME_S = { picture: 1.6 / 30, sound: 0.03 };
/** A flash and a beep farther apart are of two seconds. */
const NEAR_S = 0.4;

async function run(args) {
  const options = { encoding: "buffer", maxBuffer: 2 ** 30 };
  const { stdout, stderr } = await promisify(execFile)(ffmpeg(), ["-nostdin", ...args], options);
  return { stdout, stderr: stderr.toString() };
}

/** Makes the film: VP8 and Opus, 30 frames a second, a keyframe each 2 s. The first marks are at 1 s. */
export async function makeFilm(file, seconds) {
  const isFlash = "gte(n,30)*lt(mod(n,30),2)";
  // The picture below is dark, and costs bits as a camera's does.
  const dark = "lutyuv=y=16+(val-16)*0.25";
  const white = `drawbox=w=iw:h=ih:color=white:t=fill:enable='${isFlash}'`;
  const picture = `testsrc2=s=320x180:r=30:d=${seconds},format=yuv420p,${dark},${white}`;
  const beep = "gte(t,1)*lt(mod(t,1),0.1)*0.5*sin(2*PI*1000*t)";
  const vp8 = "-c:v libvpx -deadline realtime -cpu-used 8 -b:v 800k -g 60 -keyint_min 60";
  await run([
    ...["-v", "error", "-y", "-f", "lavfi", "-i", picture],
    ...["-f", "lavfi", "-i", `aevalsrc=exprs='${beep}':s=${RATE}:d=${seconds}`],
    ...vp8.split(" "),
    ..."-auto-alt-ref 0 -lag-in-frames 0 -c:a libopus -ac 2 -b:a 64k".split(" "),
    file,
  ]);
}

/** When frames are, by what a filter of ffmpeg tells. */
const timesOf = (text) =>
  [...text.matchAll(/ n: *\d+ .*?pts_time:(\S+)/g)].map(([, at]) => Number(at));

/** When a film flashes and beeps, in seconds; `cut`: those before which a frame is missing. */
export async function marksOf(file) {
  const picture = "showinfo=checksum=0,scale=1:1:flags=area,format=gray";
  const raw = (format) => ["-fps_mode", "passthrough", "-f", format, "pipe:1"];
  const seen = await run(["-i", file, "-an", "-vf", picture, ...raw("rawvideo")]);
  const heard = await run([
    ...["-i", file, "-vn", "-af", "aformat=s16:channel_layouts=mono,ashowinfo"],
    ...raw("s16le"),
  ]);
  const lights = timesOf(seen.stderr).map((at, n) => ({ at, isOn: seen.stdout[n] > LIGHT }));
  return { flashes: beginnings(lights), beeps: beepsOf(heard) };
}

/** Where what is on was off before. */
function beginnings(frames) {
  return frames.flatMap(({ at, isOn }, n) => {
    const before = frames[n - 1];
    const isNew = isOn && before && !before.isOn;
    return isNew ? [{ at, isCut: at - before.at > FRAME_S.picture }] : [];
  });
}

/** The first loud sample after quiet ones, by the time of the frame that it is in. */
function beepsOf({ stdout, stderr }) {
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.byteLength >> 1);
  const sizes = [...stderr.matchAll(/ nb_samples:(\d+)/g)].map(([, size]) => Number(size));
  const beeps = [];
  let [from, lastLoud, before] = [0, Number.NEGATIVE_INFINITY, null];
  for (const [n, at] of timesOf(stderr).entries()) {
    for (let i = 0; i < sizes[n]; i += 1) {
      if (Math.abs(samples[from + i]) < LOUD) continue;
      const time = at + i / RATE;
      const isCut = before !== null && at - before > FRAME_S.sound;
      if (time - lastLoud > QUIET_S) beeps.push({ at: time, isCut });
      lastLoud = time;
    }
    from += sizes[n];
    before = at;
  }
  return beeps;
}

const ms = (seconds) => (seconds === null ? null : Math.round(seconds * 10_000) / 10);

/**
 * By how much each flash is later than its beep. One that a lost frame may have cut is left out and counted; so is one that
 * is not there at all. `usual`: how much later they are in what was sent, in milliseconds.
 */
export function compare({ flashes, beeps }, usual = 0) {
  const all = [...flashes, ...beeps].map(({ at }) => at);
  const seconds = all.length === 0 ? 0 : Math.round(Math.max(...all) - Math.min(...all)) + 1;
  const pairs = flashes.flatMap((flash) => {
    const beep = beeps.find(({ at }) => Math.abs(at - flash.at) < NEAR_S);
    if (!beep) return [];
    const later = flash.at - beep.at - usual / 1000;
    return [{ at: flash.at, isCut: flash.isCut || beep.isCut, later }];
  });
  const whole = pairs.filter(({ isCut }) => !isCut).map(({ later }) => later);
  const worst = whole.reduce((most, it) => (Math.abs(it) > Math.abs(most) ? it : most), 0);
  const quarter = Math.ceil(whole.length / 4);
  const median = (list) => ms(percentile(list, 0.5));
  return {
    seconds,
    compared: whole.length,
    cut: pairs.length - whole.length,
    lostFlashes: seconds - flashes.length,
    lostBeeps: seconds - beeps.length,
    medianMs: median(whole),
    worstMs: whole.length === 0 ? null : ms(worst),
    p95Ms: ms(percentile(whole.map(Math.abs), 0.95)),
    beginMs: median(whole.slice(0, quarter)),
    endMs: median(whole.slice(-quarter)),
    each: pairs.map(({ at, isCut, later }) => ({ atS: at, laterMs: ms(later), isCut })),
  };
}
