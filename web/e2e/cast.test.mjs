import assert from "node:assert/strict";
import { after, before } from "node:test";
import { byTestId, Chromium, Firefox } from "./lib/browsers.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive, hostState } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
let server;
let chromium;
let firefox;
/** The host in Chromium, a guest in Firefox, fans in both: each test goes on where the one before left off. */
const pages = {};
const ROOM = "cast";

before(async () => {
  [server, chromium, firefox] = await Promise.all([
    Server.start(),
    Chromium.launch(),
    Firefox.launch(),
  ]);
});
after(async () => {
  await chromium?.close();
  await firefox?.close();
  await server?.stop();
});

/** How many pictures have moved in a page, and how many sounds have come, since it was asked last. */
const flowing = (page) =>
  page.evaluate(async () => {
    window.__asked ??= new Map();
    const grows = (key, value) => {
      const before = window.__asked.get(key);
      window.__asked.set(key, value);
      return before !== undefined && value > before;
    };
    const videos = [...document.querySelectorAll("video")].filter((it) => !it.hidden);
    const moving = videos.filter((it) => it.videoWidth > 2 && grows(it, it.currentTime));
    const report = await window.__kaibo?.pc?.getStats();
    const inbound = [...(report?.values() ?? [])].filter((it) => it.type === "inbound-rtp");
    const sounds = inbound.filter((it) => it.kind === "audio" && grows(it.id, it.bytesReceived));
    return { pictures: moving.length, sounds: sounds.length };
  });

async function untilFlowing(page, who, wanted) {
  let now;
  await until(
    async () => {
      now = await flowing(page);
      return Object.entries(wanted).every(([what, n]) => now[what] === n);
    },
    {
      what: () => `${who}: ${JSON.stringify(wanted)}; it has ${JSON.stringify(now)}`,
      withinMs: 30_000,
    },
  );
}

async function untilPanel(page, step, connected) {
  await until(
    () =>
      page.evaluate(
        ({ panel, step, connected }) => {
          const found = document.querySelector(panel);
          return found?.dataset.step === step && found.dataset.connected === String(connected);
        },
        { panel: byTestId("guest-panel"), step, connected },
      ),
    { what: () => `the guest's panel to be ${step}, ${connected}`, withinMs: 30_000 },
  );
}

async function ask(page, name) {
  await page.waitForSelector(byTestId("stage-ask"));
  await page.click(byTestId("stage-ask"));
  const input = await page.waitForSelector(byTestId("name-input"));
  await input.type(name);
  await page.click(byTestId("name-save"));
  await untilPanel(page, "asked", false);
}

async function accept(host) {
  await host.click(byTestId("tab-viewers"));
  await host.waitForSelector(byTestId("stage-accept"));
  await host.click(byTestId("stage-accept"));
}

chapter("a fan asks for the stage, and the host lets it on", async () => {
  pages.host = await chromium.open(`${server.base}/host?room=${ROOM}`, { name: "host" });
  await goLive(pages.host);
  const address = `${server.base}/r/${ROOM}`;
  pages.guest = await firefox.open(address, { name: "guest" });
  pages.fan = await chromium.open(address, { name: "fan" });
  pages.other = await firefox.open(address, { name: "fan in Firefox" });
  for (const page of [pages.guest, pages.fan, pages.other]) await fanState(page, "live");
  await ask(pages.guest, "小明");
  await accept(pages.host);
  await untilPanel(pages.guest, "accepted", true);
});

chapter("everybody sees and hears host and guest, and the guest not himself", async () => {
  await untilFlowing(pages.fan, "fan in Chromium", { pictures: 2, sounds: 2 });
  await untilFlowing(pages.other, "fan in Firefox", { pictures: 2, sounds: 2 });
  // The host, and the guest's own camera, of which nothing comes back.
  await untilFlowing(pages.guest, "guest", { pictures: 2, sounds: 1 });
  // The preview, and the guest.
  await untilFlowing(pages.host, "host", { pictures: 2 });
  const names = await pages.fan.$$eval(byTestId("guest-tile"), (all) =>
    all.map((it) => it.dataset.name),
  );
  assert.deepEqual(names, ["小明"]);
});

chapter("an embed shows host and guest, too", async () => {
  const embed = await chromium.open(`${server.base}/embed/${ROOM}`, { name: "embed" });
  await untilFlowing(embed, "embed", { pictures: 2 });
  await embed.close();
});

chapter("a guest's page that is loaded anew is on stage again", async () => {
  await pages.guest.reload();
  await untilPanel(pages.guest, "accepted", true);
  await untilFlowing(pages.fan, "fan in Chromium", { pictures: 2 });
});

chapter("the host's page is loaded anew and goes on in seconds, with its guest", async () => {
  // Browsers ask before a page that is live is left.
  pages.host.on("dialog", (dialog) => dialog.accept());
  await pages.host.reload();
  await pages.host.waitForSelector(byTestId("resume-go"));
  await pages.host.click(byTestId("resume-go"));
  await hostState(pages.host, "live", 5_000);
  await untilFlowing(pages.fan, "fan in Chromium", { pictures: 2, sounds: 2 });
  await untilFlowing(pages.host, "host", { pictures: 2 });
});

chapter("who is taken off is told so, and the others have the host alone", async () => {
  await pages.host.click(byTestId("tab-viewers"));
  await pages.host.waitForSelector(byTestId("stage-drop"));
  await pages.host.click(byTestId("stage-drop"));
  await pages.guest.waitForSelector(byTestId("stage-ended"));
  await untilFlowing(pages.fan, "fan in Chromium", { pictures: 1 });
  await untilFlowing(pages.other, "fan in Firefox", { pictures: 1 });
});
