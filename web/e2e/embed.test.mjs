// A room on a page of somebody else's.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Blog, embedIn } from "./lib/blog.mjs";
import { byTestId, Chromium, Firefox, LOST_SERVER } from "./lib/browsers.mjs";
import { inspectAsIs } from "./lib/look.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server, Wire } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { endLive, goLive, hostState, untilState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
let server;
let wire;
let blog;
let chromium;
let firefox;
const pages = {};

before(async () => {
  [server, blog, chromium, firefox] = await Promise.all([
    Server.start(),
    Blog.start(),
    Chromium.launch(),
    Firefox.launch(),
  ]);
  wire = await Wire.to(server);
});
after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
  await Promise.all([blog?.stop(), wire?.stop()]);
  await server?.stop();
});

const embedState = (frame, state, withinMs) => untilState(frame, "embed-state", state, withinMs);

/** The frame in a page, once it shows the embed. */
async function frameOf(page) {
  return until(() => embedIn(page) ?? null, { what: "the frame to load" });
}

/** Waits until the page was told something. */
function untilTold(page, what, check) {
  return until(
    async () => {
      const told = await page.evaluate(() => window.told);
      return check(told.at(-1) ?? {});
    },
    { what },
  );
}

/** As a blog does that was given the link of a room. */
async function embedCodeOf(room) {
  const page = await (await fetch(`${wire.base}/r/${room}`)).text();
  const [, href] = /type="application\/json\+oembed" href="([^"]+)"/.exec(page);
  const told = await (await fetch(href.replaceAll("&amp;", "&"))).json();
  assert.deepEqual([told.type, told.version, told.title], ["video", "1.0", room]);
  return told.html;
}

chapter("a page of another site that was given the link of a room shows it", async () => {
  const html = await embedCodeOf("demo");
  blog.show(html);
  const tolerated = LOST_SERVER;
  pages.chromium = await chromium.open(blog.origin, { name: "blog", tolerated });
  pages.firefox = await firefox.open(blog.origin, { name: "blog in Firefox", tolerated });
  for (const name of ["chromium", "firefox"]) {
    pages[`${name}Frame`] = await frameOf(pages[name]);
    await embedState(pages[`${name}Frame`], "waiting");
  }
});

for (const name of ["chromium", "firefox"]) {
  chapter(`it plays in ${name} when the host goes live`, async () => {
    if (!pages.host) {
      pages.host = await chromium.open(`${server.base}/host?room=demo`, { name: "host" });
      await goLive(pages.host);
    }
    const frame = pages[`${name}Frame`];
    await embedState(frame, "live");
    await untilMoving(frame, `the embed in ${name}`);
    assert.equal(await frame.evaluate(() => document.querySelector("video").muted), true);
    assert.deepEqual(await frame.evaluate(() => window.__seen.violations), []);
  });
}

chapter("the page around is told the state, and plays, pauses and mutes", async () => {
  for (const name of ["chromium", "firefox"]) {
    const page = pages[name];
    const say = (kaibo, more = {}) =>
      page.evaluate((message) => window.say(message), { kaibo, ...more });
    const before = await page.evaluate(() => window.told);
    const origin = wire.base;
    assert.deepEqual(before, [{ kaibo: "ready", origin }], name);
    await say("listen");
    await untilTold(page, "the state", (told) => told.state === "live" && !told.paused);
    const [, told] = await page.evaluate(() => window.told);
    assert.deepEqual(
      { ...told, state: "live" },
      {
        kaibo: "state",
        origin,
        room: "demo",
        title: "demo",
        state: "live",
        paused: false,
        muted: true,
        volume: 1,
      },
    );
    await say("pause");
    await untilTold(page, "a pause", (told) => told.paused);
    await say("volume", { value: 0.5 });
    await untilTold(page, "the volume", (told) => told.volume === 0.5);
    await say("play");
    await untilTold(page, "play", (told) => !told.paused);
    await say("mute");
    await untilTold(page, "silence", (told) => told.muted);
    await untilMoving(pages[`${name}Frame`], `the embed in ${name}`);
  }
});

chapter("a lost connection is found again, and the picture stays", async () => {
  wire.cut();
  for (const name of ["chromium", "firefox"]) {
    const frame = pages[`${name}Frame`];
    await untilMoving(frame, `the embed in ${name}`);
    await embedState(frame, "live");
    assert.equal(
      await frame.evaluate(() => document.querySelector("main").dataset.picture),
      "true",
    );
  }
});

chapter("the host leaves and returns", async () => {
  await endLive(pages.host);
  for (const name of ["chromium", "firefox"]) await embedState(pages[`${name}Frame`], "ended");
  await pages.host.click("main button");
  await pages.host.waitForSelector(byTestId("go-live"));
  await pages.host.click(byTestId("go-live"));
  await hostState(pages.host, "live");
  for (const name of ["chromium", "firefox"]) {
    await embedState(pages[`${name}Frame`], "live");
    await untilMoving(pages[`${name}Frame`], `the embed in ${name}`);
  }
});

chapter("its title opens the room in a tab of its own", async () => {
  // What is over the picture is there while the mouse moves.
  await pages.chromiumFrame.hover("main");
  const opened = pages.chromium.context().waitForEvent("page");
  await pages.chromiumFrame.click("a");
  const room = await opened;
  await room.waitForURL(`${wire.base}/r/demo`);
  await room.close();
  chromium.checkFaults();
});

/** Runs in the page: what is seen where the picture is not. */
function backdrop() {
  const stage = document.querySelector("main");
  return [document.documentElement, document.body, stage].map(
    (element) => getComputedStyle(element).backgroundColor,
  );
}

const SIZES = [
  { width: 640, height: 360 },
  { width: 300, height: 200 },
];

async function inspectEmbed(page, name) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    await inspectAsIs(page, `embed-${name}-${size.width}`);
    const sideways = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(sideways, false, `${name} ${size.width}`);
  }
}

for (const lang of ["zh-CN", "en"]) {
  test(`the embed is accessible in every state, in ${lang}`, async () => {
    const room = `look-${lang}`;
    const open = (query) =>
      chromium.open(`${server.base}/embed/${room}?lang=${lang}${query}`, { name: `embed ${lang}` });
    const idle = await open("&autoplay=0");
    await embedState(idle, "idle");
    await inspectEmbed(idle, `idle-${lang}`);
    const page = await open("");
    await embedState(page, "waiting");
    await inspectEmbed(page, `waiting-${lang}`);
    assert.deepEqual(new Set(await page.evaluate(backdrop)), new Set(["rgba(0, 0, 0, 0)"]));
    const host = await chromium.open(`${server.base}/host?room=${room}`, { name: "host" });
    await goLive(host);
    await embedState(page, "live");
    await untilMoving(page, "the embed");
    await page.mouse.move(100, 100);
    await inspectEmbed(page, `live-${lang}`);
    await page.keyboard.press("k");
    await page.waitForSelector(".edge[data-live=false]");
    await inspectEmbed(page, `paused-${lang}`);
    await endLive(host);
    await embedState(page, "ended");
    await inspectEmbed(page, `ended-${lang}`);
    assert.deepEqual(new Set(await page.evaluate(backdrop)), new Set(["rgba(0, 0, 0, 0)"]));
    for (const each of [idle, page, host]) await each.close();
    chromium.checkFaults();
  });
}

test("a page that the operator does not name cannot show it", async () => {
  const other = await Blog.start();
  const strict = await Server.start({ args: ["--embed-origin", blog.origin] });
  const html = `<iframe src="${strict.base}/embed/demo" width="640" height="360"></iframe>`;
  for (const site of [blog, other]) site.show(html);
  const tolerated = [/violates the following Content Security Policy directive: "frame-ancestors/];
  const named = await chromium.open(blog.origin, { name: "named" });
  await embedState(await frameOf(named), "waiting");
  const foreign = await chromium.open(other.origin, { name: "foreign", tolerated });
  // Chromium shows an error page of its own in the frame.
  const shown = await until(() => foreign.frames()[1]?.url() || null, { what: "the frame" });
  assert.doesNotMatch(shown, /^http/);
  const refused = [/Content-Security-Policy.*frame-ancestors/, /Content Security Policy/];
  const fox = await firefox.open(other.origin, { name: "foreign in Firefox", tolerated: refused });
  assert.equal(await fox.evaluate(() => window.told.length), 0);
  for (const page of [named, foreign, fox]) await page.close();
  await Promise.all([other.stop(), strict.stop()]);
});

test("below a path, and where no room can be called so", async () => {
  const below = await Server.start({ args: ["--base-path", "/live"] });
  const page = await chromium.open(`${below.base}/live/embed/demo?lang=en`, { name: "below" });
  await embedState(page, "waiting");
  assert.equal(await page.getAttribute("a", "href"), `${below.base}/live/r/demo`);
  await page.close();
  const tolerated = [/status of 404/];
  const none = await chromium.open(`${below.base}/live/embed/a.b?lang=en`, { tolerated });
  await none.waitForSelector(`text="There is no such room"`);
  await none.close();
  await below.stop();
});
