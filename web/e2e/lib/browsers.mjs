import assert from "node:assert/strict";
import playwright from "playwright-core";
import puppeteer from "puppeteer-core";
import { watchPage } from "./spy.mjs";

export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FIREFOX = process.env.FIREFOX ?? "/usr/bin/firefox-esr";

const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--autoplay-policy=no-user-gesture-required",
];
/** For a server that is reachable on this machine only. */
const WITH_LOOPBACK = "--allow-loopback-in-peer-connection";
/** A camera with a moving picture, a microphone that beeps once a second, and a willing person. */
export const FAKE_DEVICES = [
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
];

export const THREE_CAMERAS = [
  "--use-fake-device-for-media-stream=device-count=3",
  "--use-fake-ui-for-media-stream",
];
/** Chromium's second fake camera has 16 bits of grey, which no video encoder takes. */
export const UNSENDABLE = "fake_device_1";

const FIREFOX_PREFS = {
  "media.autoplay.default": 0,
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.gmp-manager.updateEnabled": false,
};

/**
 * What browsers write by themselves when a server is away; that the page comes back is tested.
 * A test names it where it takes the server or the network away, nowhere else.
 */
export const LOST_SERVER = [
  /WebSocket connection to .* failed/,
  /Failed to load resource: net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)/,
  /can.t establish a connection to the server|connection to wss?:.* was interrupted/,
];

/** A tool that clears up by itself does not want browsers that end it on Ctrl+C. */
const OWN_SIGNALS = { handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };

/** Gathers what went wrong in pages, and says so when they are closed. */
class Faults {
  #seen = [];
  #isOver = false;

  watch(page, name, tolerated) {
    // A page that is being closed breaks off what is under way, such as a socket that closes.
    let isClosing = false;
    const close = page.close.bind(page);
    page.close = (...options) => {
      isClosing = true;
      return close(...options);
    };
    const isKnown = (text) => isClosing || tolerated.some((known) => known.test(text));
    // Firefox tells some of what it writes as errors of the page.
    page.on("pageerror", (error) => {
      const text = error.stack ?? error.message;
      if (!isKnown(text)) this.#see(`${name}: ${text}`);
    });
    page.on("console", (message) => {
      const text = message.text();
      if (message.type() !== "error" || isKnown(text)) return;
      this.#see(`${name}: console: ${text}`);
    });
  }

  /** The browser closes now: what it breaks off meanwhile is no fault of a page. */
  end() {
    this.#isOver = true;
  }

  #see(fault) {
    if (!this.#isOver) this.#seen.push(fault);
  }

  check() {
    assert.deepEqual(this.#seen.splice(0), [], "pages wrote errors");
  }
}

/** A Chromium in which every page has storage and permissions of its own. */
export class Chromium {
  #faults = new Faults();
  #server;
  #browser;

  /**
   * `isHere`: the server is reached by the loopback interface. Elsewhere that is only more to try.
   * `muted`: of what a muted browser plays nothing can be shared.
   */
  static async launch(
    flags = FAKE_DEVICES,
    {
      ownSignals = false,
      program = CHROMIUM,
      home = process.env.HOME,
      isHere = true,
      muted = true,
    } = {},
  ) {
    const chromium = new Chromium();
    chromium.#server = await playwright.chromium.launchServer({
      ...(ownSignals ? OWN_SIGNALS : {}),
      executablePath: program,
      headless: true,
      env: { ...process.env, HOME: home },
      // The driver mutes it by itself.
      ...(muted ? {} : { ignoreDefaultArgs: ["--mute-audio"] }),
      args: [...QUIET, ...(isHere ? [WITH_LOOPBACK] : []), ...flags],
    });
    chromium.#browser = await playwright.chromium.connect(chromium.#server.wsEndpoint());
    return chromium;
  }

  /**
   * `url` may be left out, for a page that needs more setting up before it is opened. `scripts` are
   * functions with their argument that run before the page's own.
   */
  async open(
    url,
    { name = "page", tolerated = [], storage = {}, spy = {}, scripts = [], ...options } = {},
  ) {
    const context = await this.#browser.newContext({
      viewport: { width: 1280, height: 800 },
      locale: "zh-CN",
      reducedMotion: "reduce",
      ...options,
    });
    await context.addInitScript(watchPage, spy);
    for (const [script, argument] of scripts) await context.addInitScript(script, argument);
    await context.addInitScript((entries) => {
      for (const [key, value] of entries) localStorage.setItem(key, value);
    }, Object.entries(storage));
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    this.#faults.watch(page, name, tolerated);
    if (url) await page.goto(url);
    return page;
  }

  /** Takes the whole browser away at once: neither pages nor sockets say goodbye. */
  async kill() {
    await this.#server.kill();
  }

  checkFaults() {
    this.#faults.check();
  }

  async close() {
    this.#faults.end();
    await this.#server.close();
    this.#faults.check();
  }
}

/** A Firefox, driven by WebDriver BiDi. */
export class Firefox {
  #faults = new Faults();
  #browser;

  static async launch({ ownSignals = false, prefs = {}, userDataDir } = {}) {
    const firefox = new Firefox();
    firefox.#browser = await puppeteer.launch({
      ...(ownSignals ? OWN_SIGNALS : {}),
      browser: "firefox",
      executablePath: FIREFOX,
      ...(userDataDir ? { userDataDir } : {}),
      headless: true,
      extraPrefsFirefox: { ...FIREFOX_PREFS, ...prefs },
    });
    return firefox;
  }

  async open(url, { name = "firefox", tolerated = [], spy = {}, scripts = [] } = {}) {
    const context = await this.#browser.createBrowserContext();
    const page = await context.newPage();
    this.#faults.watch(page, name, tolerated);
    await page.evaluateOnNewDocument(watchPage, spy);
    for (const [script, argument] of scripts) await page.evaluateOnNewDocument(script, argument);
    await page.goto(url);
    return page;
  }

  async close() {
    this.#faults.end();
    await this.#browser.close();
    this.#faults.check();
  }
}

/** The element with that test id, for both drivers. */
export function byTestId(id) {
  return `[data-testid="${id}"]`;
}
