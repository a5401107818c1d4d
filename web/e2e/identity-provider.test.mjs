/* An identity provider's tokens, checked by its JWK set (RFC 7517): the three algorithms, and keys that come and go. */
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Server } from "./lib/server.mjs";
import { until } from "./lib/until.mjs";

const ROOM = "members";
const ISSUER = "https://id.example";
const AUDIENCE = "kaibo";

/** How each algorithm makes keys and signs (RFC 7518, section 3; RFC 8037). */
const ALGORITHMS = {
  RS256: {
    keys: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
    sign: (text, key) => sign("sha256", text, key),
  },
  ES256: {
    keys: () => generateKeyPairSync("ec", { namedCurve: "P-256" }),
    sign: (text, key) => sign("sha256", text, { key, dsaEncoding: "ieee-p1363" }),
  },
  EdDSA: {
    keys: () => generateKeyPairSync("ed25519"),
    sign: (text, key) => sign(null, text, key),
  },
};

const made = {};
const published = [];
let provider;
let asked = 0;
let server;
/** One that takes a single algorithm. */
let strict;

before(async () => {
  for (const alg of Object.keys(ALGORITHMS)) make(alg, alg.toLowerCase());
  provider = createServer((_, response) => {
    asked += 1;
    response.setHeader("content-type", "application/jwk-set+json");
    response.end(JSON.stringify({ keys: published }));
  });
  await once(provider.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${provider.address().port}/keys`;
  const args = ["--auth-jwks", url, "--auth-issuer", ISSUER, "--auth-audience", AUDIENCE];
  [server, strict] = await Promise.all([
    Server.start({ args }),
    Server.start({ args: [...args, "--auth-algorithm", "ES256"] }),
  ]);
  for (const { base } of [server, strict]) {
    const body = JSON.stringify({ watch: "token" });
    const answer = await fetch(`${base}/api/v1/rooms/${ROOM}`, { method: "PUT", body });
    assert.equal(answer.status, 201);
  }
});
after(async () => {
  await Promise.all([server?.stop(), strict?.stop()]);
  provider?.close();
  provider?.closeAllConnections();
});

/** A key that the provider publishes. */
function make(alg, kid) {
  const { publicKey, privateKey } = ALGORITHMS[alg].keys();
  made[kid] = { alg, privateKey };
  published.push({ ...publicKey.export({ format: "jwk" }), kid, alg, use: "sig" });
}

const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A token as the provider signs it. */
function token(kid, { claims = {}, grant = {}, head = {} } = {}) {
  const { alg, privateKey } = made[kid];
  const now = Math.floor(Date.now() / 1000);
  const video = { room: ROOM, roomJoin: true, canSubscribe: true, ...grant };
  const body = { iss: ISSUER, aud: AUDIENCE, sub: "ann", exp: now + 600, video, ...claims };
  const text = `${part({ alg, kid, typ: "JWT", ...head })}.${part(body)}`;
  return `${text}.${ALGORITHMS[alg].sign(Buffer.from(text), privateKey).toString("base64url")}`;
}

/** What becomes of a player: 409 when it may enter, since nobody is live. */
async function knock(at, shown) {
  const headers = { "content-type": "application/sdp", authorization: `Bearer ${shown}` };
  const answer = await fetch(`${at.base}/whep/${ROOM}`, { method: "POST", headers, body: "" });
  return [answer.status, (await answer.json()).detail];
}

for (const alg of Object.keys(ALGORITHMS)) {
  test(`a token signed by ${alg} lets in, and what is wrong with one is told`, async () => {
    const kid = alg.toLowerCase();
    assert.equal((await knock(server, token(kid)))[0], 409);
    const now = Math.floor(Date.now() / 1000);
    for (const [what, shown] of [
      ["expired", token(kid, { claims: { exp: now - 120 } })],
      ["of another issuer", token(kid, { claims: { iss: "https://other.example" } })],
      ["for another audience", token(kid, { claims: { aud: "mail" } })],
      ["for another room", token(kid, { grant: { room: "other" } })],
      ["that grants nothing", token(kid, { grant: { canSubscribe: undefined } })],
      ["changed on the way", token(kid).replace(/.$/, (last) => (last === "A" ? "g" : "A"))],
      ["of an unknown key", token(kid, { head: { kid: "nobody" } })],
    ]) {
      const [status, why] = await knock(server, shown);
      assert.equal(status, 401, `${what}: ${why}`);
    }
  });
}

test("only the algorithms that are configured count", async () => {
  assert.equal((await knock(strict, token("es256")))[0], 409);
  for (const kid of ["rs256", "eddsa"])
    assert.equal((await knock(strict, token(kid)))[0], 401, kid);
});

test("a key that the provider adds is known when a token names it, without a restart", async () => {
  const before = asked;
  make("ES256", "next");
  await until(async () => (await knock(server, token("next")))[0] === 409, {
    withinMs: 30_000,
    what: "the new key to be known",
  });
  assert.ok(asked > before);
});
