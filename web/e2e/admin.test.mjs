/* The operator's page: from the first start to a private room with a host, a moderator and what became of its broadcast. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { after, before } from "node:test";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { inspect, inspectAsIs } from "./lib/look.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive } from "./lib/studio.mjs";
import { until } from "./lib/until.mjs";

const chapter = story();
const ROOM = "members";
const PASSWORD = "correct horse battery";
const ROOM_PASSWORD = "open sesame";
/** The server takes what comes through a proxy of its own machine for what comes from there: the operator is elsewhere. */
const ELSEWHERE = { extraHTTPHeaders: { "x-forwarded-for": "203.0.113.9" } };
/** What Chromium writes of an answer that refuses. */
const REFUSED = [/status of (401|403|404|412)/];
const PHONE = { width: 390, height: 844 };

let server;
let chromium;
let admin;
let host;
let fan;
let key;
let invitation;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
});
after(async () => {
  for (const page of [fan, host, admin]) await page?.close();
  await chromium?.close();
  await server?.stop();
});

const openAdmin = (path, options = {}) =>
  chromium.open(server.base + path, {
    name: "admin",
    tolerated: REFUSED,
    ...ELSEWHERE,
    ...options,
  });

/** The path of the link that the server printed. */
function ownerLink() {
  const link = /\/admin#owner=\S+/.exec(server.log);
  assert.ok(link, `no link for the owner in the log:\n${server.log}`);
  return link[0];
}

const textOf = (page, testId) => page.locator(byTestId(testId)).first().textContent();

/** Copies what is shown once, and says that it is kept. */
async function shownOnce(page, testId) {
  await page.waitForSelector(byTestId(testId));
  const text = await textOf(page, testId);
  await inspectAsIs(page, `admin-${testId}`);
  await page.click(byTestId("once-done"));
  assert.equal(await page.locator(byTestId(testId)).count(), 0);
  return text;
}

async function login(page, secret) {
  await page.fill(byTestId("login-secret"), secret);
  await page.click(byTestId("login-go"));
}

chapter("on its own machine the page is open, and asks for a password for elsewhere", async () => {
  const own = await chromium.open(`${server.base}/admin`, { name: "own", tolerated: REFUSED });
  await own.waitForSelector(byTestId("no-owner"));
  await own.close();
});

chapter("the link of the first start leads to a password, and then in", async () => {
  admin = await openAdmin(ownerLink());
  await admin.waitForSelector(byTestId("owner-form"));
  assert.equal(new URL(admin.url()).hash, "", "the code has left the address");
  await inspect(admin, "admin-owner");
  await admin.fill(byTestId("owner-password"), "short");
  await admin.click(byTestId("owner-go"));
  await admin.waitForSelector(`${byTestId("owner-form")} [role=alert]`);
  await admin.fill(byTestId("owner-password"), PASSWORD);
  await admin.click(byTestId("owner-go"));
  await admin.waitForSelector(byTestId("empty"));
  await inspect(admin, "admin-empty");
});

chapter("the link is good once; the password is good from then on", async () => {
  const other = await openAdmin(ownerLink());
  await other.fill(byTestId("owner-password"), PASSWORD);
  await other.click(byTestId("owner-go"));
  await other.waitForSelector(byTestId("login-problem"));
  assert.match(await textOf(other, "login-problem"), /kaibo owner-link/);
  await other.close();

  const elsewhere = await openAdmin("/admin/audit");
  await elsewhere.waitForSelector(byTestId("login-form"));
  await inspect(elsewhere, "admin-login");
  await login(elsewhere, "a wrong password");
  await elsewhere.waitForSelector(`${byTestId("login-form")} [role=alert]`);
  await login(elsewhere, PASSWORD);
  await elsewhere.waitForSelector(byTestId("audit-row"));
  await elsewhere.close();
});

chapter("a private room is made on a phone", async () => {
  await admin.setViewportSize(PHONE);
  await admin.click(byTestId("create-room"));
  await admin.fill(byTestId("create-name"), ROOM);
  await admin.click(byTestId("watch-password"));
  await admin.fill(byTestId("room-password"), ROOM_PASSWORD);
  await inspectAsIs(admin, "admin-create");
  await admin.click(byTestId("create-go"));
  await admin.waitForSelector(byTestId("room-keys"));
  assert.equal(new URL(admin.url()).pathname, `/admin/rooms/${ROOM}`);
});

chapter("its host gets a key, and goes live with it", async () => {
  await admin.fill(byTestId("make-key-name"), "Ann");
  await admin.click(byTestId("make-key-go"));
  key = await shownOnce(admin, "new-key");
  host = await chromium.open(`${server.base}/host?room=${ROOM}`, {
    name: "host",
    storage: { "kaibo.publish-key": JSON.stringify(key) },
  });
  await goLive(host);
  await admin.waitForSelector(byTestId("room-viewers"));
});

chapter("the operator looks in, without the password, and sees what is live", async () => {
  const moves = async (what) =>
    until(
      () =>
        admin.evaluate((testId) => {
          const video = document.querySelector(`[data-testid="${testId}"]`);
          return video?.videoWidth > 0 && video.currentTime > 0.5;
        }, "live-picture"),
      { what },
    );
  await admin.click(byTestId("show-live"));
  await moves("the live picture of the room");
  await inspectAsIs(admin, "admin-room-live");
  await admin.click(byTestId("show-live"));
  await admin.goto(`${server.base}/admin?lang=en`);
  await admin.click(byTestId("live-pictures"));
  await moves("the live picture of the tile");
  await inspectAsIs(admin, "admin-rooms-live");
  await admin.click(byTestId("live-pictures"));
  assert.equal(await admin.locator(byTestId("live-picture")).count(), 0);
  await admin.goto(`${server.base}/admin/rooms/${ROOM}?lang=en`);
});

chapter("a moderator gets an invitation, and is in without the password", async () => {
  await admin.click(byTestId("make-invite"));
  await admin.fill(byTestId("invite-name"), "Bob");
  await inspectAsIs(admin, "admin-invite");
  await admin.click(byTestId("invite-go"));
  invitation = await shownOnce(admin, "new-invite");
  assert.match(invitation, new RegExp(`/r/${ROOM}#invite=`));
  const { pathname, hash } = new URL(invitation);
  fan = await chromium.open(server.base + pathname + hash, {
    name: "moderator",
    tolerated: REFUSED,
  });
  await fanState(fan, "live");
  await untilMoving(fan, "the moderator");
});

chapter("who has no invitation is asked for the password", async () => {
  const stranger = await chromium.open(`${server.base}/r/${ROOM}`, {
    name: "stranger",
    tolerated: REFUSED,
  });
  await stranger.waitForSelector(byTestId("password-card"));
  await stranger.close();
});

chapter(
  "the page shows who is there, and in every size, language and color it is in order",
  async () => {
    await admin.waitForSelector(`${byTestId("session-row")}[data-role="host"]`);
    await admin.waitForSelector(`${byTestId("session-row")}[data-role="fan"]`);
    await inspect(admin, "admin-room");
    await admin.click(byTestId("nav-rooms"));
    await admin.waitForSelector(`${byTestId("room-tile")}[data-room="${ROOM}"]`);
    await inspect(admin, "admin-rooms");
  },
);

chapter("a viewer is kicked, and is told so", async () => {
  await admin.setViewportSize({ width: 1280, height: 800 });
  await admin.click(byTestId("room-tile"));
  const row = admin.locator(`${byTestId("session-row")}[data-role="fan"]`);
  await row.locator(byTestId("kick")).click();
  await admin.click(byTestId("confirm"));
  await fanState(fan, "error");
});

chapter(
  "the operator records the room: while it is made nothing is deleted, then there is a file",
  async () => {
    const panel = admin.locator(byTestId("room-recordings"));
    await admin.click(byTestId("record"));
    await admin.waitForSelector(byTestId("recording-now"));
    await inspect(admin, "admin-recording");
    await admin.goto(`${server.base}/admin/rooms/${ROOM}?lang=en`);
    await admin.click(byTestId("record"));
    await admin.waitForSelector(byTestId("recording-file"));
    assert.match(await textOf(admin, "recording-file"), /001\.(webm|mp4) \(\d/);
    const file = await admin.evaluate(async (selector) => {
      const answer = await fetch(document.querySelector(selector).href);
      return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength };
    }, byTestId("recording-file"));
    assert.equal(file.status, 200);
    assert.ok(file.bytes > 10_000, `${file.bytes} bytes`);
    await panel.scrollIntoViewIfNeeded();
    await inspectAsIs(admin, "admin-recorded");
    await panel.getByRole("button", { name: "Delete the recording" }).click();
    await admin.click(byTestId("confirm"));
    await admin.waitForSelector(byTestId("recording-row"), { state: "detached" });
  },
);

chapter("with another key for its host the broadcast is over, and has its page", async () => {
  await admin.locator(byTestId("key-row")).locator("button").first().click();
  await admin.click(byTestId("confirm"));
  assert.notEqual(await shownOnce(admin, "new-key"), key);
  await until(async () => (await admin.locator(byTestId("room-viewers")).count()) === 0, {
    what: "the room to be off air",
  });
  await admin.click(byTestId("nav-broadcasts"));
  await admin.click(byTestId("broadcast-row"));
  await admin.waitForSelector(byTestId("facts"));
  await inspect(admin, "admin-broadcast");
});

chapter("an invitation that is deleted is in the list no more", async () => {
  await admin.goto(`${server.base}/admin/rooms/${ROOM}`);
  const invites = admin.locator(byTestId("invite-row"));
  await invites.first().locator("button").click();
  await admin.click(byTestId("confirm"));
  await until(async () => (await invites.count()) === 0, { what: "no invitation" });
});

chapter("tokens, webhooks, settings and the audit log are in order everywhere", async () => {
  await admin.click(byTestId("nav-tokens"));
  await admin.fill(byTestId("make-token-key-name"), "our site");
  await admin.click(byTestId("make-token-key-go"));
  await shownOnce(admin, "new-token-secret");
  await admin.fill(byTestId("mint-room"), ROOM);
  await admin.click(byTestId("mint-go"));
  await admin.waitForSelector(byTestId("minted"));
  await inspect(admin, "admin-tokens");

  await admin.click(byTestId("nav-webhooks"));
  await admin.click(byTestId("add-webhook"));
  await admin.fill(byTestId("webhook-url"), "https://hooks.example.com/kaibo");
  await admin.click(byTestId("webhook-go"));
  await shownOnce(admin, "new-webhook-secret");
  await admin.waitForSelector(byTestId("webhook"));
  await inspect(admin, "admin-webhooks");

  await admin.click(byTestId("nav-settings"));
  await admin.waitForSelector(byTestId("setting"));
  const file = path.join(server.dataDir, "kaibo.toml");
  await writeFile(file, "max_viewers = 321\nmax_publish_kbps = 9000\n");
  await admin.click(byTestId("reload"));
  await admin.waitForSelector(byTestId("reload-changed"));
  assert.match(await textOf(admin, "reload-changed"), /max_viewers/);
  assert.match(await textOf(admin, "reload-waits"), /max_publish_kbps/);
  const limit = admin.locator(byTestId("setting"), { hasText: "max_viewers" });
  await until(async () => (await limit.textContent()).includes("321"), {
    what: "the limit of now",
  });
  await inspect(admin, "admin-settings");

  await admin.click(byTestId("nav-audit"));
  await admin.waitForSelector(byTestId("audit-row"));
  await inspect(admin, "admin-audit");
});

chapter("who logs out is asked for the password", async () => {
  await admin.click(byTestId("logout"));
  await admin.waitForSelector(byTestId("login-form"));
  await admin.reload();
  await admin.waitForSelector(byTestId("login-form"));
});
