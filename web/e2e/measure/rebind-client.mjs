// One client of measure:rebind, in a process of its own so that it can be in a network namespace:
//
//   node rebind-client.mjs CLIENT publish|watch BASE ROOM
//
// It says in JSON, a line each time, what is new; the first line comes when it publishes or watches. SIGINT or SIGTERM
// ends it.
import { setTimeout as delay } from "node:timers/promises";
import { Chromium, FAKE_DEVICES, Firefox } from "../lib/browsers.mjs";
import { Player, Publisher } from "../lib/libdatachannel.mjs";
import { publishWithFfmpeg } from "../lib/programs.mjs";
import { fanState, goLive } from "../lib/studio.mjs";
import { until } from "../lib/until.mjs";
import { noteMedia, takeNotes } from "./in-page.mjs";

const SAY_EVERY_MS = 200;
const COUNT_EVERY_MS = 20;

const [client, role, base, room] = process.argv.slice(2);
/** Cameras are for secure pages only: these are taken for such. */
const SECURE_FLAGS = [`--unsafely-treat-insecure-origin-as-secure=${base}`];
const SECURE_PREFS = {
  "dom.securecontext.allowlist": new URL(base).hostname,
  "dom.security.https_first": false,
};

const START = {
  async chromium() {
    return openPage(
      await Chromium.launch([...FAKE_DEVICES, ...SECURE_FLAGS], { ownSignals: true }),
    );
  },
  async firefox() {
    return openPage(await Firefox.launch({ ownSignals: true, prefs: SECURE_PREFS }));
  },
  async ffmpeg() {
    const encoder = publishWithFfmpeg(`${base}/whip/${room}`);
    void encoder.ended().then(() => end(new Error(`ffmpeg has ended: ${encoder.output}`)));
    return { read: async () => ({}), stop: () => encoder.stop() };
  },
  async libdatachannel() {
    if (role === "watch") return play();
    const publisher = await Publisher.start(`${base}/whip/${room}`);
    return { read: async () => ({}), stop: () => publisher.stop() };
  },
};

async function openPage(browser) {
  const open = { name: client, scripts: [[noteMedia]] };
  const path = role === "publish" ? `/host?room=${room}` : `/r/${room}`;
  const page = await browser.open(base + path, open);
  if (role === "publish") await goLive(page);
  else await fanState(page, "live", 30_000);
  return {
    read: () => page.evaluate(takeNotes),
    stop: async () => {
      await page.close();
      await browser.close();
    },
  };
}

async function play() {
  const player = await Player.start(`${base}/whep/${room}`);
  const frames = [];
  let counted = 0;
  const timer = setInterval(() => {
    if (player.frames > counted) frames.push(Date.now());
    counted = player.frames;
  }, COUNT_EVERY_MS);
  await until(() => counted > 0, { what: "the player's first frame" });
  return {
    read: async () => ({ frames: frames.splice(0) }),
    stop: () => {
      clearInterval(timer);
      return player.stop();
    },
  };
}

let isEnding = false;

/** With what went wrong, if something did. */
async function end(failure) {
  if (isEnding) return;
  isEnding = true;
  const started = await running.catch(() => null);
  const failures = [failure, await started?.stop().catch((error) => error)].filter(Boolean);
  for (const { message } of failures) process.stderr.write(`${message}\n`);
  // Threads of libdatachannel would keep it from ending.
  process.exit(failures.length > 0 ? 1 : 0);
}

const running = START[client]();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end(null));
try {
  const { read } = await running;
  while (!isEnding) {
    process.stdout.write(`${JSON.stringify(await read())}\n`);
    await delay(SAY_EVERY_MS);
  }
} catch (error) {
  await end(error);
}
