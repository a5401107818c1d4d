/* A room that asks for a password: at every way in, and when it is changed. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { inspectAsIs } from "./lib/look.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive, hostState } from "./lib/studio.mjs";

const chapter = story();
const ROOM = "members";
let server;
let chromium;
let host;
let fan;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** As the operator does, on the server's own machine. */
async function setUp(rules) {
  const url = `http://localhost:${server.port}/api/v1/rooms/${ROOM}`;
  const answer = await fetch(url, { method: "PUT", body: JSON.stringify(rules) });
  assert.ok(answer.ok, await answer.text());
}

async function enter(page, password) {
  await page.fill(byTestId("password-input"), password);
  await page.click(byTestId("password-enter"));
}

chapter("a fan is asked for the password, and sees nothing of the room before", async () => {
  await setUp({ watch: "password", password: "open sesame" });
  host = await chromium.open(`${server.base}/host?room=${ROOM}`, { name: "host" });
  await goLive(host);
  const rooms = await (await fetch(`${server.base}/api/rooms`)).json();
  assert.deepEqual(rooms, [], "the room is in no list");
  fan = await chromium.open(`${server.base}/r/${ROOM}`, { name: "fan" });
  await fan.waitForSelector(byTestId("password-card"));
  await inspectAsIs(fan, "room-password");
  await enter(fan, "open barley");
  await fan.waitForSelector(`${byTestId("password-card")} [role=alert]`);
});

chapter("with the password it plays, also when the page is loaded anew", async () => {
  await enter(fan, "open sesame");
  await fanState(fan, "live");
  await untilMoving(fan, "the fan");
  await fan.reload();
  await fanState(fan, "live");
});

chapter("an embed says that the room needs one", async () => {
  const embed = await chromium.open(`${server.base}/embed/${ROOM}?lang=en`, { name: "embed" });
  await embed.waitForSelector("text=This room needs a password");
  await embed.close();
});

chapter("another password asks the fan again, and leaves the host alone", async () => {
  await setUp({ watch: "password", password: "open sesame 2" });
  await fan.waitForSelector(byTestId("password-card"));
  await hostState(host, "live");
  await enter(fan, "open sesame 2");
  await fanState(fan, "live");
});
