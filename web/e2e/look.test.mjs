import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { inspect, SIZES } from "./lib/look.mjs";
import { untilMoving } from "./lib/media.mjs";
import { say, sayName, untilLine } from "./lib/room.mjs";
import { Server } from "./lib/server.mjs";
import { endLive, endShare, fanState, goLive, openCamera, openGear } from "./lib/studio.mjs";

let server;
let chromium;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** A test of one look: opens the page, brings it there, inspects it, closes it. */
function look(name, path, arrive, { again, ...options } = {}) {
  test(`${name} is accessible and fits in every size, language and color`, async () => {
    const page = await chromium.open(`${server.base}${path}`, { name, ...options });
    await page.waitForSelector("main h1, main [data-testid]");
    const others = (await arrive?.(page)) ?? [];
    await inspect(page, name, again);
    for (const other of [...others, page]) await other.close();
    chromium.checkFaults();
  });
}

look("home", "/");
// What Chromium writes of a page that is answered with 404.
const NOT_FOUND = { tolerated: [/status of 404/] };
look("not-found", "/no/such/page", undefined, NOT_FOUND);
look("host-prepare", "/host");
look("host-preview", "/host", openCamera);
look("host-live", "/host?room=one", async (page) => {
  await goLive(page);
});
look("host-end-dialog", "/host?room=two", async (page) => {
  await goLive(page);
  await page.click(byTestId("end-live"));
  await page.waitForSelector(byTestId("confirm-end"));
});
look("host-leaving-dialog", "/host?room=nine", async (page) => {
  await goLive(page);
  await page.click("header a[href='/']");
  await page.waitForSelector(byTestId("confirm-end"));
});
look("host-share-ended", "/host?room=ten", async (page) => {
  await goLive(page);
  await page.click(byTestId("share-screen"));
  await page.waitForSelector(byTestId("stop-screen"));
  await endShare(page);
  await page.waitForSelector(byTestId("share-ended"));
});
look("host-ended", "/host?room=three", async (page) => {
  await goLive(page);
  await endLive(page);
});
look("doctor", "/doctor", untilTried);
look("fan-waiting", "/r/four", (page) => fanState(page, "waiting"));

/** Runs in the page: the addresses that the server announces lead nowhere. */
function deadEnds() {
  const { setRemoteDescription } = RTCPeerConnection.prototype;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const sdp = description.sdp.replace(/^(a=candidate:\S+ \d+ \S+ \d+) \S+/gm, "$1 192.0.2.1");
    return setRemoteDescription.call(this, { type: description.type, sdp });
  };
}

async function untilWithoutPath(page) {
  await page.waitForSelector(byTestId("no-path"));
}

async function withoutPath(page) {
  await openCamera(page);
  await page.click(byTestId("go-live"));
  await untilWithoutPath(page);
}

async function untilTried(page) {
  await page.waitForSelector(`${byTestId("doctor")}[data-running="false"]`);
}

/** A fan that sees the host of a room, with the host's page. */
async function watchLive(page, room) {
  const host = await chromium.open(`${server.base}/host?room=${room}`, { name: "host" });
  await goLive(host);
  await untilMoving(page, "the fan");
  await fanState(page, "live");
  return host;
}

look("fan-live", "/r/five", async (page) => [await watchLive(page, "five")]);
/** A room in which something was said, by the host and by two fans. */
async function watchTalk(page, room) {
  const host = await watchLive(page, room);
  const other = await chromium.open(`${server.base}/r/${room}`, { name: "another fan" });
  await host.click(byTestId("tab-chat"));
  const talk = [
    [page, "小明", "大家好！"],
    [other, "Ann", "Hello, where does this go? https://example.com/a/long/path?with=more#and-more"],
    [host, "主播小红", "欢迎来到直播间"],
  ];
  for (const [who, name, text] of talk) {
    await say(who, text);
    await sayName(who, name);
  }
  await untilLine(page, "主播 主播小红: 欢迎来到直播间");
  return [host, other];
}

look("fan-chat", "/r/fifteen", (page) => watchTalk(page, "fifteen"));
// What lies over the switch of the language is opened in each.
for (const locale of ["zh-CN", "en"]) {
  look(`fan-name-dialog-${locale}`, `/r/name-${locale}`, askedForName, { locale });
  look(`fan-share-dialog-${locale}`, `/r/share-${locale}`, openShare, { locale });
  look(`fan-help-dialog-${locale}`, `/r/help-${locale}`, openHelp, { locale });
}

async function askedForName(page) {
  await fanState(page, "waiting");
  await say(page, "hi");
  await page.waitForSelector(byTestId("name-input"));
}

async function openShare(page) {
  await fanState(page, "waiting");
  await page.click(byTestId("share"));
  await page.waitForSelector(byTestId("embed-code"));
}

async function openHelp(page) {
  await fanState(page, "waiting");
  await page.keyboard.press("?");
  await page.waitForSelector("dialog kbd");
}

look("fan-gear", "/r/nineteen", async (page) => [await watchLive(page, "nineteen")], {
  again: openGear,
});
look("fan-stats", "/r/eleven", async (page) => {
  const host = await watchLive(page, "eleven");
  await page.keyboard.press("s");
  await page.waitForSelector(byTestId("stats"));
  return [host];
});
look("fan-sound-only", "/r/eight", async (page) => {
  const host = await watchLive(page, "eight");
  await openGear(page);
  await page.selectOption(byTestId("picture-menu"), "off");
  await page.keyboard.press("Escape");
  await page.waitForSelector(`h2:has-text("仅声音")`);
  return [host];
});
look("fan-no-path", "/r/thirteen", (page) => untilWithoutPath(page), { scripts: [[deadEnds]] });
look("host-no-path", "/host?room=fourteen", withoutPath, { scripts: [[deadEnds]] });
look("fan-ended", "/r/six", async (page) => {
  const host = await watchLive(page, "six");
  await endLive(host);
  await fanState(page, "ended");
  return [host];
});
look("home-with-a-room", "/r/seven", async (page) => {
  const host = await watchLive(page, "seven");
  await page.goto(server.base);
  await page.waitForSelector('a[href="/r/seven"]');
  return [host];
});

/** Runs in the page: what of the figures is cut off, and what of the page they cover. */
function figures() {
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const panel = document.querySelector('[data-testid="stats"]');
  const { top, bottom } = panel.getBoundingClientRect();
  const rows = [...panel.querySelectorAll("dd")].map((row) => row.getBoundingClientRect());
  const seen = rows.filter((row) => row.top >= top && row.bottom <= Math.min(bottom, innerHeight));
  const unmute = box('[data-testid="unmute"]');
  const { left, right } = panel.getBoundingClientRect();
  const covers =
    left < unmute.right && right > unmute.left && top < unmute.bottom && bottom > unmute.top;
  return { rows: rows.length, seen: seen.length, covers };
}

test("all figures are seen on a phone, beside Unmute, until the broadcast is over", async () => {
  const page = await chromium.open(`${server.base}/r/twelve`, { name: "phone" });
  const host = await watchLive(page, "twelve");
  await page.keyboard.press("s");
  for (const size of [...SIZES, { width: 844, height: 390 }]) {
    await page.setViewportSize(size);
    await page.waitForSelector(`${byTestId("stats")}[data-below="${size.width < 720}"]`);
    const told = await page.evaluate(figures);
    assert.deepEqual(told, { rows: 11, seen: 11, covers: false }, JSON.stringify(size));
  }
  await endLive(host);
  await fanState(page, "ended");
  assert.equal(await page.locator(byTestId("stats")).count(), 0);
  for (const each of [host, page]) await each.close();
  chromium.checkFaults();
});
