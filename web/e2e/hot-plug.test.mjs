// Devices come and go: pickers follow, and a broadcast goes on with what is there.
import assert from "node:assert/strict";
import { after, before, describe } from "node:test";
import { byTestId, Chromium, THREE_CAMERAS, UNSENDABLE } from "./lib/browsers.mjs";
import { untilMoving, untilSound } from "./lib/media.mjs";
import { plug, pluggable, unplug } from "./lib/plugs.mjs";
import { Server } from "./lib/server.mjs";
import { comparePeer, rememberPeer } from "./lib/spy.mjs";
import { story } from "./lib/story.mjs";
import {
  endLive,
  fanState,
  goLive,
  hostState,
  inUse,
  offered,
  sent,
  untilInUse,
} from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

let server;
let chromium;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch(THREE_CAMERAS)]);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

describe("a device that comes or goes", () => {
  const chapter = story();
  let host;
  let fan;
  after(() => Promise.all([host?.close(), fan?.close()]));

  const card = () => host.locator(`${byTestId("media-error")}[data-code="device_lost"]`);

  async function untilOffered(label, expected) {
    const picker = host.getByLabel(label, { exact: true });
    let now;
    await until(
      async () => {
        now = await offered(picker);
        return JSON.stringify(now) === JSON.stringify(expected);
      },
      { what: () => `${expected} to choose from; there are ${now}` },
    );
  }

  /** The fan sees and hears it over the connection that it has. */
  async function untilFanGoesOn() {
    await untilMoving(fan, "the fan");
    await untilSound(fan, "the fan");
    await fanState(fan, "live");
    assert.deepEqual(await comparePeer(fan), { same: true, newOffers: 0 });
  }

  chapter("is in the pickers while it is there, and the one in use stays", async () => {
    host = await chromium.open(`${server.base}/host?room=plugs`, {
      name: "host",
      scripts: [[pluggable]],
    });
    await goLive(host);
    fan = await chromium.open(`${server.base}/r/plugs`, { name: "fan" });
    await untilMoving(fan, "the fan");
    await rememberPeer(fan);
    await fan.click(byTestId("unmute"));
    await untilOffered("摄像头", ["fake_device_0", UNSENDABLE, "fake_device_2"]);
    await unplug(host, UNSENDABLE);
    await untilOffered("摄像头", ["fake_device_0", "fake_device_2"]);
    await unplug(host, "fake_device_2");
    await untilOffered("摄像头", ["fake_device_0"]);
    await plug(host, "fake_device_2");
    await untilOffered("摄像头", ["fake_device_0", "fake_device_2"]);
    assert.equal((await inUse(host)).video, "fake_device_0");
    assert.equal(await card().count(), 0);
  });

  chapter("in use and unplugged: another camera is taken, and fans go on", async () => {
    await unplug(host, "fake_device_0");
    await untilInUse(host, "video", "fake_device_2");
    await card().getByText("已换用「fake_device_2」").waitFor();
    await until(async () => (await sent(host))[1] === "fake_device_2", { what: "it to be sent" });
    await hostState(host, "live");
    await untilFanGoesOn();
    // The way out of being seen by a camera that nobody chose.
    await card().getByText("关闭摄像头").click();
    await fan.waitForSelector("h2:has-text('主播关闭了摄像头')");
    await host.getByLabel("打开摄像头").click();
    await untilFanGoesOn();
    await card().getByText("关闭", { exact: true }).click();
  });

  chapter("in use and unplugged: another microphone is taken", async () => {
    const { audio } = await inUse(host);
    await unplug(host, audio);
    await until(async () => ![audio, undefined].includes((await inUse(host)).audio), {
      what: "another microphone",
    });
    const { audio: other } = await inUse(host);
    await card().getByText(`已换用「${other}」`).waitFor();
    await untilFanGoesOn();
    await card().getByText("关闭", { exact: true }).click();
  });

  chapter("the last one: the room goes on without a picture, until it is back", async () => {
    await unplug(host, "fake_device_2");
    await card().getByText("没有其他设备可换").waitFor();
    await fan.waitForSelector("h2:has-text('主播关闭了摄像头')");
    await untilSound(fan, "the fan");
    await hostState(host, "live");
    await plug(host, "fake_device_2");
    await untilInUse(host, "video", "fake_device_2");
    await untilFanGoesOn();
    assert.equal(await card().count(), 0);
    await endLive(host);
    await fanState(fan, "ended");
  });
});
