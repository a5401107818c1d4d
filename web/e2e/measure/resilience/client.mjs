// A browser of measure:resilience, in a process of its own so that it can be in a network namespace:
//
//   node client.mjs JSON
//
// The argument: `browser` (chromium or firefox), `role` (publish or watch), `base`, `room`, `pages` (how many watch),
// `authority` (a PEM file to trust, when the server has HTTPS), `relayOnly`. It says in JSON, a line for each page and
// time, what is new; the first line comes when all pages publish or watch. SIGINT or SIGTERM ends it.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Chromium, FAKE_DEVICES, Firefox, LOST_SERVER } from "../../lib/browsers.mjs";
import { trustIn } from "../../lib/network.mjs";
import { fanState, goLive } from "../../lib/studio.mjs";
import { noteMedia, takeNotes } from "../in-page.mjs";
import { relayOnly, takeStanding } from "./in-page.mjs";

const SAY_EVERY_MS = 200;

const given = JSON.parse(process.argv[2]);
const { browser: name, role, room, pages = 1, authority } = given;

/** What browsers write of a network that is away. */
const LOST_NETWORK = [
  ...LOST_SERVER,
  /net::ERR_(NETWORK_CHANGED|INTERNET_DISCONNECTED|ADDRESS_UNREACHABLE|TIMED_OUT|CONNECTION_TIMED_OUT)/,
];

const home = await mkdtemp(path.join(tmpdir(), "kaibo-client-"));

async function launch() {
  if (name === "firefox") {
    const profile = path.join(home, "firefox");
    await mkdir(profile);
    if (authority) await trustIn(profile, authority);
    // For TURN over TLS Firefox wants a name, not an address. Every name is the server's here.
    const { hostname: address } = new URL(given.base);
    const prefs = authority
      ? { "network.dns.forceResolve": address }
      : { "dom.securecontext.allowlist": address, "dom.security.https_first": false };
    return Firefox.launch({ ownSignals: true, prefs, userDataDir: profile });
  }
  const nssdb = path.join(home, ".pki/nssdb");
  await mkdir(nssdb, { recursive: true });
  if (authority) await trustIn(nssdb, authority);
  // Cameras are for secure pages only.
  const secure = authority ? [] : [`--unsafely-treat-insecure-origin-as-secure=${given.base}`];
  return Chromium.launch([...FAKE_DEVICES, ...secure], { ownSignals: true, home });
}

/** Firefox reaches the server by a name of it, which its certificate has. */
function base() {
  const url = new URL(given.base);
  if (name === "firefox" && authority)
    url.hostname = `${hostname().split(".")[0].toLowerCase()}.local`;
  return url.origin;
}

async function openPage(browser, n) {
  const scripts = [[noteMedia], ...(given.relayOnly ? [[relayOnly]] : [])];
  const open = { name: `${name} ${role} ${n}`, scripts, tolerated: LOST_NETWORK };
  const page = await browser.open(
    base() + (role === "publish" ? `/host?room=${room}` : `/r/${room}`),
    open,
  );
  if (role === "publish") await goLive(page);
  else await fanState(page, "live", 30_000);
  return page;
}

let isEnding = false;

/** With what went wrong, if something did. */
async function end(failure) {
  if (isEnding) return;
  isEnding = true;
  const browser = await launching.catch(() => null);
  const failures = [failure, await browser?.close().catch((error) => error)].filter(Boolean);
  for (const { message } of failures) process.stderr.write(`${message}\n`);
  await rm(home, { recursive: true, force: true });
  process.exit(failures.length > 0 ? 1 : 0);
}

const launching = launch();
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => end(null));
try {
  const browser = await launching;
  const opened = [];
  for (let n = 0; n < pages; n += 1) opened.push(await openPage(browser, n));
  while (!isEnding) {
    const lines = await Promise.all(
      opened.map(async (page, n) => {
        const [notes, standing] = [
          await page.evaluate(takeNotes),
          await page.evaluate(takeStanding),
        ];
        return JSON.stringify({ at: Date.now(), page: n, ...notes, ...standing });
      }),
    );
    process.stdout.write(`${lines.join("\n")}\n`);
    await delay(SAY_EVERY_MS);
  }
} catch (error) {
  await end(error);
}
