// Who gets into a room, who does not, and who comes back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { byTestId, Chromium, LOST_SERVER } from "./lib/browsers.mjs";
import { untilMoving } from "./lib/media.mjs";
import { cardOf, say, sayName, timerOf, untilCard, untilLine } from "./lib/room.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive, hostState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

let chromium;

before(async () => {
  chromium = await Chromium.launch();
});
after(async () => {
  await chromium?.close();
});

describe("a ban", () => {
  const chapter = story();
  const pages = {};
  let server;
  const address = () => `${server.base}/r/order`;
  const enter = (name, options) => chromium.open(address(), { name, ...options });

  before(async () => {
    server = await Server.start();
  });
  after(async () => {
    for (const page of Object.values(pages)) await page.close();
    await server?.stop();
  });

  /** The host chooses this for somebody in its list of people. */
  async function judge(name, label) {
    const row = pages.host.locator(byTestId("person"), { hasText: name });
    await row.locator("select").selectOption({ label });
  }

  const BANNED = /你已被移出这个直播间/;

  async function untilOut(page) {
    await fanState(page, "error");
    await untilCard(page, BANNED);
  }

  chapter("two fans of one address talk", async () => {
    pages.host = await chromium.open(`${server.base}/host?room=order`, { name: "host" });
    await goLive(pages.host);
    await pages.host.click(byTestId("tab-viewers"));
    pages.rude = await enter("the rude one");
    pages.kind = await enter("the kind one");
    for (const name of ["rude", "kind"]) await fanState(pages[name], "live");
    await say(pages.rude, "!!!");
    await sayName(pages.rude, "Rude");
    await say(pages.kind, "hello");
    await sayName(pages.kind, "Kind");
    for (const name of ["rude", "kind"]) await untilLine(pages[name], "Kind: hello");
  });

  chapter("who is banned is told so, and the others of its address stay", async () => {
    await judge("Rude", "拉黑");
    await untilOut(pages.rude);
    await untilMoving(pages.kind, "the kind one");
    await fanState(pages.kind, "live");
  });

  chapter("and stays out with another name, and in another tab", async () => {
    await pages.rude.evaluate(() => localStorage.setItem("kaibo.name", '"Somebody else"'));
    await pages.rude.reload();
    await untilOut(pages.rude);
    const tab = await pages.rude.context().newPage();
    await tab.goto(address());
    await untilOut(tab);
    await tab.close();
  });

  chapter("others of the same address get in", async () => {
    pages.newcomer = await enter("a newcomer");
    await fanState(pages.newcomer, "live");
    await untilMoving(pages.newcomer, "the newcomer");
  });

  chapter(
    "unless the host banned the address: then neither does who cleared its storage",
    async () => {
      await judge("Kind", "拉黑，并禁止同一地址的人");
      await untilOut(pages.kind);
      pages.cleared = await enter("the kind one with an empty browser");
      await untilOut(pages.cleared);
      // Others of the address who were in already stay, and so does the host.
      await untilMoving(pages.newcomer, "the newcomer");
      await hostState(pages.host, "live");
    },
  );

  chapter("whose ban is lifted is in again", async () => {
    const bans = pages.host.locator(byTestId("bans"));
    await bans.locator("summary").click();
    const row = bans.locator(byTestId("person"), { hasText: "Kind" });
    await row.locator("select").selectOption({ label: "解除" });
    await pages.kind.getByText("刷新页面").click();
    await fanState(pages.kind, "live");
  });
});

test("a full room says so and when it tries again, and lets in when a place is free", async () => {
  const server = await Server.start({ args: ["--max-viewers", "1"] });
  const open = (path, name) => chromium.open(server.base + path, { name });
  const host = await open("/host?room=full", "host");
  await goLive(host);
  const first = await open("/r/full", "the first");
  await untilMoving(first, "the first");
  const second = await open("/r/full", "the second");
  await fanState(second, "error");
  await untilCard(second, /直播间已满.*页面会自动重试.*\d+ 秒后再试/);
  await first.close();
  // It was not loaded anew.
  await second.evaluate(() => {
    window.isSame = true;
  });
  await fanState(second, "live", 40_000);
  await untilMoving(second, "the second");
  assert.equal(await second.evaluate(() => window.isSame), true);
  for (const page of [second, host]) await page.close();
  await server.stop();
});

test("without its server a page says that it reconnects; after a restart its timer goes on", async () => {
  const server = await Server.start();
  const open = (path, name) => chromium.open(server.base + path, { name, tolerated: LOST_SERVER });
  const host = await open("/host?room=restart", "host");
  await goLive(host);
  const fan = await open("/r/restart", "fan");
  await untilMoving(fan, "the fan");
  const AGE_S = 5;
  await until(async () => (await timerOf(fan)) >= AGE_S, { what: `a timer of ${AGE_S} s` });
  const began = Date.now() - 1_000 * (await timerOf(fan));

  server.signal("SIGKILL");
  await fanState(fan, "reconnecting");
  assert.match(await cardOf(fan), /正在重新连接（\d+\/\d+）/);
  // What is red says that it is live.
  const tones = await fan.$$eval("[data-tone]", (all) => all.map((it) => it.dataset.tone));
  assert.ok(!tones.includes("live"), `${tones}`);
  // The last picture stays.
  const { videoWidth } = await fan.$eval(byTestId("fan-video"), ({ videoWidth }) => ({
    videoWidth,
  }));
  assert.ok(videoWidth > 0);

  await server.restart();
  await fanState(fan, "live", 30_000);
  await untilMoving(fan, "the fan");
  const age = await timerOf(fan);
  const expected = (Date.now() - began) / 1_000;
  assert.ok(Math.abs(age - expected) < 3, `${age} s, where ${expected} have passed`);
  for (const page of [fan, host]) await page.close();
  await server.stop();
});
