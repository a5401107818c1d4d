/* People whom another site sends: by tokens of LiveKit's own SDK, and by a service that decides. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { AccessToken, TokenVerifier } from "livekit-server-sdk";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { inspectAsIs } from "./lib/look.mjs";
import { untilMoving } from "./lib/media.mjs";
import { Server } from "./lib/server.mjs";
import { story } from "./lib/story.mjs";
import { fanState, goLive } from "./lib/studio.mjs";

const chapter = story();
const ROOM = "members";
let server;
let asking;
let service;
let chromium;
let key;

before(async () => {
  service = spawn("python3", [fileURLToPath(new URL("clients/auth_service.py", import.meta.url))]);
  const [line] = await once(service.stdout, "data");
  const args = ["--auth-http", String(line).trim(), "--webhook-allow", "127.0.0.1"];
  [server, asking, chromium] = await Promise.all([
    Server.start(),
    Server.start({ args }),
    Chromium.launch(),
  ]);
});
after(async () => {
  await chromium?.close();
  await Promise.all([server?.stop(), asking?.stop()]);
  service?.kill();
});

/** As the operator does, on the server's own machine. */
async function operate(method, path, body) {
  const url = `http://localhost:${server.port}/api/v1${path}`;
  const answer = await fetch(url, { method, body: body && JSON.stringify(body) });
  assert.ok(answer.ok, await answer.clone().text());
  return answer.status === 204 ? null : answer.json();
}

/** A link as another site makes it. */
async function link(page, grant) {
  const token = new AccessToken(key.id, key.secret, { identity: "u1", name: "Ann", ttl: "10m" });
  token.addGrant({ room: ROOM, roomJoin: true, ...grant });
  return `${server.base}${page}#token=${await token.toJwt()}`;
}

chapter(
  "LiveKit's SDK makes a link by which a host goes live, and one by which a fan watches",
  async () => {
    await operate("PUT", `/rooms/${ROOM}`, { watch: "token" });
    key = await operate("POST", "/token-keys", { name: "the site" });
    const host = await chromium.open(await link(`/host?room=${ROOM}`, { canPublish: true }), {
      name: "host",
    });
    await goLive(host);
    const fan = await chromium.open(await link(`/r/${ROOM}`, { canSubscribe: true }), {
      name: "fan",
    });
    await fanState(fan, "live");
    await untilMoving(fan, "the fan");
  },
);

chapter(
  "without a token, and with one that grants nothing, the page says where to come from",
  async () => {
    const stranger = await chromium.open(`${server.base}/r/${ROOM}?lang=en`, { name: "stranger" });
    await stranger.waitForSelector(`${byTestId("door-card")} h2`);
    await inspectAsIs(stranger, "room-door");
    const nothing = await chromium.open(await link(`/r/${ROOM}?lang=en`, {}), { name: "nothing" });
    await nothing.waitForSelector(`${byTestId("door-card")} h2`);
    assert.match(await nothing.textContent(byTestId("door-card")), /does not hold/);
  },
);

chapter("a key of the site's that is revoked sends everybody away who came by it", async () => {
  await operate("DELETE", `/token-keys/${key.id}`);
  const host = await chromium.open(await link(`/r/${ROOM}?lang=en`, { canSubscribe: true }), {
    name: "late",
  });
  await host.waitForSelector(`${byTestId("door-card")} h2`);
});

/** What becomes of a player or an encoder: the status. */
async function knock(door, room, token) {
  const headers = { "content-type": "application/sdp" };
  if (token) headers.authorization = `Bearer ${token}`;
  const answer = await fetch(`${asking.base}/${door}/${room}`, {
    method: "POST",
    headers,
    body: "",
  });
  return answer.status;
}

chapter("a service answers both ways, at both doors", async () => {
  for (const token of ["good", "ann:secret"]) {
    // It may enter: its empty offer is what is wrong, or that nobody is live.
    assert.notEqual(await knock("whip", "studio", token), 401, token);
    assert.equal(await knock("whep", "studio", token), 409, token);
  }
  for (const token of [null, "bad", "ann:wrong"]) {
    assert.equal(await knock("whip", "studio", token), 401, String(token));
    assert.equal(await knock("whep", "studio", token), 401, String(token));
  }
});

chapter("a service that hangs delays nobody else, and lets nobody in", async () => {
  const order = [];
  const slow = knock("whep", "slow", "good").then((status) => order.push(["slow", status]));
  const quick = knock("whep", "studio", "good").then((status) => order.push(["quick", status]));
  await Promise.all([slow, quick]);
  assert.deepEqual(order, [
    ["quick", 409],
    ["slow", 401],
  ]);
});

chapter(
  "what a webhook tells is signed as LiveKit signs, and as Standard Webhooks do",
  async () => {
    const heard = deferred();
    const receiver = createServer(async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      response.end();
      heard.resolve({ headers: request.headers, body: Buffer.concat(parts) });
    });
    await once(receiver.listen(0, "127.0.0.1"), "listening");
    const api = `http://localhost:${asking.port}/api/v1/webhooks`;
    const url = `http://127.0.0.1:${receiver.address().port}/hook`;
    const made = await fetch(api, { method: "POST", body: JSON.stringify({ url }) });
    assert.equal(made.status, 201, await made.clone().text());
    const { id, secret } = await made.json();
    assert.equal((await fetch(`${api}/${id}/test`, { method: "POST" })).status, 202);
    const { headers, body } = await heard.promise;
    receiver.close();
    receiver.closeAllConnections();
    assert.equal(JSON.parse(body).event, "ping");
    const claims = await new TokenVerifier(id, secret).verify(headers.authorization);
    assert.equal(claims.sha256, createHash("sha256").update(body).digest("base64"));
    const { "webhook-id": event, "webhook-timestamp": at, "webhook-signature": signed } = headers;
    const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
    const hmac = createHmac("sha256", key).update(`${event}.${at}.`).update(body).digest("base64");
    assert.equal(signed, `v1,${hmac}`);
  },
);

function deferred() {
  let resolve;
  const promise = new Promise((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
