/* What is kept of a broadcast: the host's button, clips, past broadcasts, pictures, LL-HLS. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, Chromium, Firefox } from "./lib/browsers.mjs";
import { decoded, playHlsWithGstreamer, publishWithFfmpeg } from "./lib/programs.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { endLive, fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
/** A line of the chat of what is recorded. */
const SAID = "这一句会留下来";
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let server;
let chromium;
let firefox;
let host;
let fan;
let clipLink;

before(async () => {
  [server, chromium, firefox] = await Promise.all([
    Server.start(),
    Chromium.launch(),
    Firefox.launch(),
  ]);
});
after(async () => {
  await Promise.all([chromium?.close(), firefox?.close()]);
  await server?.stop();
});

const json = async (path) => (await fetch(`${server.base}${path}`)).json();

/** Waits until a video of the page plays, and goes on. */
const untilPlays = (page, id) =>
  until(
    () =>
      page.evaluate(async (selector) => {
        const video = document.querySelector(selector);
        if (!video || video.readyState < 2) return false;
        video.muted = true;
        await video.play();
        const from = video.currentTime;
        await new Promise((resolve) => setTimeout(resolve, 700));
        return video.currentTime > from + 0.2 && video.videoWidth > 0;
      }, byTestId(id)),
    { what: `${id} to play` },
  );

chapter("a host records by a button, and its fans see that it does", async () => {
  host = await chromium.open(`${server.base}/host?room=kept`, { name: "host" });
  await goLive(host);
  fan = await chromium.open(`${server.base}/r/kept`, {
    name: "fan",
    storage: { "kaibo.name": JSON.stringify("小明") },
  });
  await fanState(fan, "live");
  assert.equal(await fan.$(byTestId("rec-mark")), null);
  await host.click(byTestId("record"));
  await fan.waitForSelector(byTestId("rec-mark"));
  await host.waitForSelector(byTestId("rec-mark"));
});

chapter("a fan says something meanwhile", async () => {
  await wait(6_000);
  await fan.fill(byTestId("chat-input"), SAID);
  await fan.press(byTestId("chat-input"), "Enter");
  await host.getByText(SAID).first().waitFor();
});

chapter("a fan makes a clip, and another one opens its link", async () => {
  await fan.click(byTestId("clip"));
  await fan.waitForSelector(byTestId("clip-30"));
  const asked = Date.now();
  await fan.click(byTestId("clip-30"));
  await untilPlays(fan, "clip-video");
  assert.ok(Date.now() - asked < 10_000);
  const [clip] = await json("/api/rooms/kept/clips");
  clipLink = `${server.base}/c/${clip.id}`;
  const { seconds, frames, faults } = await decoded(`${server.base}/api/clips/${clip.id}/file`);
  assert.equal(faults, "");
  assert.ok(Math.abs(seconds - clip.seconds) < 0.1 && frames > 10, `${seconds} s, ${frames}`);
  const other = await firefox.open(clipLink, { name: "another fan" });
  await untilPlays(other, "clip-video");
  await other.close();
});

chapter("the picture of a room of VP8 is a WebP that shows it", async () => {
  await until(async () => (await json("/api/rooms"))[0]?.still, { what: "a picture" });
  const answer = await fetch(`${server.base}/api/rooms/kept/still`);
  assert.equal(answer.headers.get("content-type"), "image/webp");
  assert.ok((await answer.arrayBuffer()).byteLength <= 100_000);
  const sides = await fan.evaluate(async () => {
    const image = new Image();
    image.src = "/api/rooms/kept/still";
    await image.decode();
    const canvas = new OffscreenCanvas(32, 18);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0, 32, 18);
    const colors = new Set(new Uint32Array(context.getImageData(0, 0, 32, 18).data.buffer));
    return { width: image.naturalWidth, colors: colors.size };
  });
  assert.ok(sides.width >= 320 && sides.colors > 10, JSON.stringify(sides));
});

chapter("what was recorded is there afterwards, and plays with what was said", async () => {
  await host.click(byTestId("record"));
  await until(async () => (await fan.$(byTestId("rec-mark"))) === null, { what: "no mark" });
  await endLive(host);
  let past;
  await until(
    async () => {
      [past] = (await json("/api/rooms/kept/recordings")).items;
      return past;
    },
    { what: "a past broadcast" },
  );
  const page = await firefox.open(`${server.base}/r/kept/past/${past.id}`, { name: "later" });
  await untilPlays(page, "past-video");
  const chat = () => page.$eval(byTestId("past-chat"), (list) => list.textContent);
  await until(async () => (await chat()).includes(SAID), { what: "what was said" });
  // Who goes back to before it was said does not see it.
  const goBack = (video) => {
    document.querySelector('[data-testid="past-part"]')?.click();
    video.pause();
    video.currentTime = 0;
  };
  await until(
    async () => {
      await page.$eval(byTestId("past-video"), goBack);
      return !(await chat()).includes(SAID);
    },
    { what: "a list without it" },
  );
  await page.close();
  await Promise.all([host.close(), fan.close()]);
});

chapter("an encoder's room has a picture, and is watched as HLS by GStreamer", async () => {
  const encoder = publishWithFfmpeg(`${server.base}/whip/encoder`);
  await until(async () => (await json("/api/rooms")).some((it) => it.still), { what: "a picture" });
  const still = await decoded(`${server.base}/api/rooms/encoder/still`);
  assert.deepEqual([still.frames, still.faults], [1, ""]);
  const index = `${server.base}/hls/encoder/index.m3u8`;
  const list = await (await fetch(index)).text();
  assert.match(list, /CODECS="avc1\.[0-9a-f]{6},opus",RESOLUTION=\d+x\d+/);
  const media = await (await fetch(`${server.base}/hls/encoder/v.m3u8`)).text();
  assert.match(media, /#EXT-X-PART:DURATION=0\.[12]\d+,URI="v-\d+-\d+\.part\.m4s",INDEPENDENT=YES/);
  // Each part can be read after the header, and the next one is waited for.
  const parts = [...media.matchAll(/#EXT-X-PART:[^"]*"([^"]+)"/g)].map(([, uri]) => uri);
  const hint = /PRELOAD-HINT:TYPE=PART,URI="([^"]+)"/.exec(media)[1];
  const bytes = async (name) =>
    Buffer.from(await (await fetch(`${server.base}/hls/encoder/${name}`)).arrayBuffer());
  const all = await Promise.all(["v-0.header.mp4", ...parts, hint].map(bytes));
  assert.ok(all.every((it) => it.length > 100));
  const player = playHlsWithGstreamer(index);
  const isShown = ({ video, audio }) => video > 90 && audio > 100;
  const { by } = await player.untilSays(isShown, "three seconds in GStreamer");
  assert.deepEqual(by, ["hlsdemux2"]);
  await player.stop();
  await encoder.stop();
});

chapter("a page of a host sends what HLS carries, in layers, and is watched by it", async () => {
  const usual = await Server.start({ env: { KAIBO_HOST_CODEC: "auto" } });
  try {
    const page = await chromium.open(`${usual.base}/host?room=usual`, { name: "usual host" });
    await goLive(page);
    const watcher = await chromium.open(`${usual.base}/r/usual`, { name: "usual fan" });
    await fanState(watcher, "live");
    const index = `${usual.base}/hls/usual/index.m3u8`;
    let list = "";
    await until(
      async () => {
        list = await (await fetch(index)).text();
        return (list.match(/#EXT-X-STREAM-INF/g) ?? []).length === 3;
      },
      { what: () => `three layers as HLS; there is ${list}` },
    );
    assert.equal(list.match(/CODECS="avc1\./g).length, 3);
    await endLive(page);
    await Promise.all([page.close(), watcher.close()]);
  } finally {
    await usual.stop();
  }
});
