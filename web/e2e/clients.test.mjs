// Programs that know nothing of Kaibo, by WHIP and WHEP: what is seen and heard is what was published.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, describe, test } from "node:test";
import { Chromium, Firefox } from "./lib/browsers.mjs";
import { Far } from "./lib/far.mjs";
import { untilMoving, untilSound } from "./lib/media.mjs";
import { isPattern, TONE, untilPattern } from "./lib/pattern.mjs";
import { playWithGstreamer, publishWithFfmpeg, publishWithGstreamer } from "./lib/programs.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";
import { ask, look, Site, speakWhipWhep, untilPlayed } from "./lib/whip-whep.mjs";

const KEY = "right-key-of-the-test";
/** A picture that stands still for less is not noticed. */
const FREEZE_MS = 500;

let server;
let locked;
let site;
let chromium;
let firefox;
const started = [];
const opened = [];

before(async () => {
  const keyed = { args: ["--publish-open", "none"], env: { KAIBO_PUBLISH_KEY: KEY } };
  [server, locked, site, chromium, firefox] = await Promise.all([
    Server.start(),
    Server.start(keyed),
    Site.start(),
    Chromium.launch(),
    Firefox.launch(),
  ]);
});
after(async () => {
  await clear();
  await Promise.all([chromium?.close(), firefox?.close()]);
  await Promise.all([server?.stop(), locked?.stop(), site?.stop()]);
});

/** Ends programs and closes pages. */
async function clear() {
  await Promise.all(started.splice(0).map((program) => program.stop()));
  await Promise.all(opened.splice(0).map((page) => page.close()));
}

function keep(program) {
  started.push(program);
  return program;
}

async function open(url, options) {
  const page = await chromium.open(url, options);
  opened.push(page);
  return page;
}

/** A page of another site that speaks WHIP and WHEP by itself. */
async function openBare(name, { browser = chromium, tolerated = [] } = {}) {
  const page = await browser.open(site.base, { name, tolerated, scripts: [[speakWhipWhep]] });
  opened.push(page);
  return page;
}

async function openFan(room, base = server.base) {
  const fan = await open(`${base}/r/${room}`, { name: "fan" });
  await fanState(fan, "live");
  return fan;
}

const whip = (room, base = server.base) => `${base}/whip/${room}`;
const whep = (room) => `${server.base}/whep/${room}`;

/** Until its media flows a player would be told 409. */
async function watchWhenLive(page, room) {
  const rooms = async () => (await fetch(`${server.base}/api/rooms`)).json();
  await until(async () => (await rooms()).some((it) => it.room === room && it.live === "live"), {
    what: `${room} to be live`,
  });
  await ask(page, "watch", whep(room));
}

/** GStreamer sees the quarters, something that moves and hears the tone. */
const isHeardAndSeen = ({ quarters, changes, tone }) =>
  isPattern(quarters) && changes > 10 && Math.abs(tone - TONE) <= 4;

describe("ffmpeg publishes", () => {
  const chapter = story();
  after(clear);
  let encoder;
  let player;

  chapter("a fan sees and hears it", async () => {
    encoder = keep(publishWithFfmpeg(whip("studio")));
    const fan = await open(`${server.base}/r/studio`, { name: "fan" });
    await fanState(fan, "live");
    await untilPattern(fan, "the fan");
    await fan.close();
  });

  chapter("the player of docs/whip-whep.md plays it", async () => {
    const text = await readFile(new URL("../../docs/whip-whep.md", import.meta.url), "utf8");
    const [, html] = /```html\n(.*?)```/s.exec(text);
    assert.ok(html.includes("http://localhost:3000/whep/studio"));
    const url = site.put("/player", html.replaceAll("http://localhost:3000", server.base));
    const page = await open(url, { name: "documented player" });
    await untilPattern(page, "the documented player");
    await page.close();
  });

  chapter("GStreamer plays it", async () => {
    const gst = keep(playWithGstreamer(whep("studio")));
    await gst.untilSays(isHeardAndSeen, "GStreamer to see the quarters and hear the tone");
    await gst.stop();
    assert.equal(await gst.ended(), 0, gst.output);
  });

  chapter("a player by WHEP is told that it ended, and keeps its session", async () => {
    player = await openBare("player");
    await ask(player, "watch", whep("studio"));
    await ask(player, "listen", ["active", "inactive"]);
    await untilPattern(player, "the player");
    await untilTold(["active"]);
    await encoder.stop();
    await untilTold(["active", "inactive"]);
  });

  chapter("it comes back, and the player's picture moves without another POST", async () => {
    const posts = await nOfPosts();
    encoder = keep(publishWithFfmpeg(whip("studio")));
    await untilTold(["active", "inactive", "active"]);
    await untilMoving(player, "the player");
    await untilPattern(player, "the player");
    assert.equal(await nOfPosts(), posts);
    assert.equal(
      (await ask(player, "end").then(() => look(player, "requests"))).at(-1).status,
      200,
    );
  });

  async function untilTold(wanted) {
    await until(async () => (await look(player, "told")).join() === wanted.join(), {
      what: async () => `the player to be told ${wanted}; it was ${await look(player, "told")}`,
    });
  }
  async function nOfPosts() {
    return (await look(player, "requests")).filter(({ method }) => method === "POST").length;
  }
});

test("ffmpeg far away is seen without freezes", async () => {
  // More than the server's handshake once waited for an answer before it repeated itself, which slows
  // ffmpeg 9 down to a frame a second for good.
  const far = await Far.from(server, 60);
  try {
    keep(publishWithFfmpeg(whip("far", far.base)));
    const player = await openBare("player");
    await watchWhenLive(player, "far");
    await untilPattern(player, "the player");
    const since = await player.evaluate(() => performance.now());
    await untilPlayed(player, "the player", 3);
    const gap = await ask(player, "longestGap", since);
    assert.ok(gap < FREEZE_MS, `the picture froze for ${gap} ms`);
  } finally {
    await clear();
    await far.stop();
  }
});

describe("a server with a key", () => {
  afterEach(clear);

  test("ffmpeg with the wrong one is told 401", async () => {
    const encoder = keep(publishWithFfmpeg(whip("studio", locked.base), { key: "wrong" }));
    assert.notEqual(await encoder.ended(), 0);
    assert.match(encoder.output, /\b401\b/);
  });

  test("ffmpeg with the right one is seen", async () => {
    keep(publishWithFfmpeg(whip("studio", locked.base), { key: KEY }));
    await untilPattern(await openFan("studio", locked.base), "the fan");
  });
});

describe("GStreamer", () => {
  afterEach(clear);

  test("publishes, and a fan sees and hears it", async () => {
    const gst = keep(publishWithGstreamer(whip("gst")));
    await untilPattern(await openFan("gst"), "the fan");
    await gst.stop();
    assert.equal(await gst.ended(), 0, gst.output);
  });

  test("plays what a host's page sends", async () => {
    const host = await open(`${server.base}/host?room=camera`, { name: "host" });
    await goLive(host);
    const gst = keep(playWithGstreamer(whep("camera")));
    await gst.untilSays(({ changes }) => changes > 10, "GStreamer to see a picture that changes");
    const { width, height } = await gst.untilSays(
      ({ level, width }) => level > 0.000_1 && width > 0,
      "GStreamer to hear the beep of the fake microphone",
    );
    assert.ok(width / height > 1.3, `a picture of ${width} by ${height}`);
  });
});

describe("pages that are not ours", () => {
  const chapter = story();
  after(clear);
  let host;
  let player;

  chapter("one publishes by WHIP, another plays it by WHEP", async () => {
    host = await openBare("bare host");
    await ask(host, "publish", whip("bare"));
    player = await openBare("bare player");
    await watchWhenLive(player, "bare");
    await untilMoving(player, "the player");
    await untilSound(player, "the player");
    for (const page of [host, player]) {
      await until(async () => (await patches(page)).length > 0, { what: "candidates by PATCH" });
      assert.ok((await patches(page)).every((status) => status === 204));
    }
  });

  chapter("a player in Firefox plays it too", async () => {
    const foreign = await openBare("Firefox player", { browser: firefox });
    await ask(foreign, "watch", whep("bare"));
    await untilMoving(foreign, "the Firefox player");
    await untilSound(foreign, "the Firefox player");
    await ask(foreign, "end");
  });

  for (const [who, page] of [
    ["player", () => player],
    ["host", () => host],
  ]) {
    chapter(`the ${who} restarts ICE, and the picture goes on`, async (t) => {
      const [url, before] = [await look(page(), "url"), await ask(page(), "agreed")];
      const since = await player.evaluate(() => performance.now());
      await ask(page(), "restart");
      const agreed = await ask(page(), "agreed");
      assert.ok(
        agreed.every((ufrag, i) => ufrag !== before[i]),
        `${before} to ${agreed}`,
      );
      let selected;
      await until(
        async () => {
          selected = await ask(page(), "selected");
          return selected.join() === agreed.join();
        },
        { what: () => `media on the new path ${agreed}; it is on ${selected}` },
      );
      await untilPlayed(player, "the player", 5);
      await untilMoving(player, "the player");
      const gap = await ask(player, "longestGap", since);
      t.diagnostic(`the longest time without a new frame: ${gap} ms`);
      assert.ok(gap < FREEZE_MS, `the picture froze for ${gap} ms`);
      assert.equal(await look(page(), "url"), url);
      assert.deepEqual(await ask(page(), "selected"), agreed);
    });
  }

  for (const withDataChannel of [true, false]) {
    const offer = withDataChannel ? "a data channel only" : "nothing";
    chapter(`a player that offers ${offer} is made an offer, and plays`, async () => {
      // What Chromium writes of every answer that is not 2xx.
      const tolerated = [/server responded with a status of 406/];
      const asking = await openBare("asking player", { tolerated });
      await ask(asking, "watchWhatIsOffered", whep("bare"), { withDataChannel });
      const [post, answer] = await look(asking, "requests");
      assert.deepEqual(post, { method: "POST", type: "application/sdp", status: 406 });
      assert.deepEqual(answer, { method: "PATCH", type: "application/sdp", status: 204 });
      await untilMoving(asking, "the asking player");
      await asking.close();
    });
  }

  chapter("the pages wrote no errors", () => chromium.checkFaults());

  async function patches(page) {
    const requests = await look(page, "requests");
    return requests.filter(({ method }) => method === "PATCH").map(({ status }) => status);
  }
});
