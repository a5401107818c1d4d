// What the pages weigh on the wire, and which paths have one.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { byTestId, Chromium } from "./lib/browsers.mjs";
import { Server } from "./lib/server.mjs";

/** Bytes of scripts and styles of a page's first load, by gzip, which browsers take over plain http too. */
const BUDGETS = {
  "/": { js: 110_000, css: 14_000 },
  "/r/demo": { js: 110_000, css: 14_000 },
  "/host": { js: 140_000, css: 14_000 },
  "/embed/demo": { js: 15_000, css: 14_000 },
};
const DECODERS = { br: brotliDecompressSync, gzip: gunzipSync, identity: (bytes) => bytes };

let server;
let chromium;

before(async () => {
  [server, chromium] = await Promise.all([Server.start(), Chromium.launch()]);
});
after(async () => {
  await chromium?.close();
  await server?.stop();
});

/** As it comes: `fetch` would ask for its own encodings and decode them. */
function ask(path, headers = {}, method = "GET") {
  return new Promise((resolve, reject) => {
    const request = http.request(server.base + path, { method, headers }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      const { statusCode: status, headers } = response;
      resolve({ status, headers, body: Buffer.concat(chunks) });
    });
    request.on("error", reject).end();
  });
}

/** The files that a page loads. */
async function filesOf(path) {
  const page = await chromium.open(server.base + path, { name: path });
  await page.waitForLoadState("networkidle");
  const urls = await page.evaluate(() =>
    performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname),
  );
  await page.close();
  return urls.filter((url) => url.startsWith("/assets/"));
}

for (const [path, budget] of Object.entries(BUDGETS)) {
  test(`${path} comes compressed, in every encoding with the same content`, async (t) => {
    const files = await filesOf(path);
    assert.ok(files.some((file) => file.endsWith(".js")));
    const bytes = { br: 0, gzip: 0, identity: 0 };
    const sizes = { js: 0, css: 0 };
    for (const file of ["/", ...files]) {
      const plain = await ask(file);
      const tags = new Set();
      // One of some dozen bytes does not shrink, and comes as it is.
      const isTiny = plain.body.length < 256;
      const encodings = Object.entries(DECODERS).filter(([it]) => !isTiny || it === "identity");
      for (const [encoding, decode] of encodings) {
        const answer = await ask(file, { "accept-encoding": encoding });
        assert.equal(answer.headers["content-encoding"] ?? "identity", encoding, file);
        assert.equal(answer.headers.vary, "accept-encoding", file);
        assert.equal(Number(answer.headers["content-length"]), answer.body.length, file);
        assert.ok(decode(answer.body).equals(plain.body), `${file} ${encoding}`);
        tags.add(answer.headers.etag);
        bytes[encoding] += answer.body.length;
        const kind = file.split(".").pop();
        if (encoding === "gzip" && kind in sizes) sizes[kind] += answer.body.length;

        const head = await ask(file, { "accept-encoding": encoding }, "HEAD");
        const { date, ...headHeaders } = head.headers;
        const { date: _, ...getHeaders } = answer.headers;
        assert.deepEqual([head.status, headHeaders, head.body.length], [200, getHeaders, 0], file);

        const known = { "accept-encoding": encoding, "if-none-match": answer.headers.etag };
        const again = await ask(file, known);
        assert.deepEqual([again.status, again.body.length], [304, 0], `${file} ${encoding}`);
        assert.equal(again.headers.etag, answer.headers.etag);
      }
      assert.equal(tags.size, encodings.length, `${file} has a tag for each encoding`);
    }
    t.diagnostic(`${path}: ${JSON.stringify(bytes)} bytes`);
    for (const [kind, most] of Object.entries(budget)) {
      assert.ok(sizes[kind] < most, `${sizes[kind]} bytes of ${kind} by gzip`);
    }
    assert.ok(bytes.br < bytes.gzip);
  });
}

test("a browser loads what was compressed", async () => {
  const page = await chromium.open(`${server.base}/r/demo`, { name: "fan" });
  await page.waitForLoadState("networkidle");
  const sizes = await page.evaluate(() =>
    performance
      .getEntriesByType("resource")
      // What is tiny shrinks little.
      .filter((it) => /\.(js|css)$/.test(it.name) && it.decodedBodySize > 4_096)
      .map(({ encodedBodySize, decodedBodySize }) => encodedBodySize / decodedBodySize),
  );
  assert.ok(sizes.length > 1);
  for (const share of sizes) assert.ok(share < 0.5, `${sizes}`);
  await page.close();
});

test("the server and the client agree on which paths have a page", async () => {
  const paths = {
    "/": 200,
    "/host": 200,
    "/admin": 200,
    "/admin/rooms/demo": 200,
    "/admins": 404,
    "/r/demo": 200,
    "/r/demo/": 200,
    "/r/%E7%9B%B4%E6%92%AD": 200,
    "/r/": 404,
    "/r/a%20b": 404,
    "/r/a.b": 404,
    "/embed/demo": 200,
    "/embed/a.b": 404,
    "/host/": 404,
    "/healthy": 404,
    "/no/such/page": 404,
  };
  for (const [path, expected] of Object.entries(paths)) {
    const page = await chromium.open(undefined, { name: path, tolerated: [/status of 404/] });
    const response = await page.goto(server.base + path);
    await page.waitForSelector("main h1, main[data-testid], main [data-testid]");
    const isMissing = (await page.locator(byTestId("not-found")).count()) > 0;
    assert.deepEqual([response.status(), isMissing], [expected, expected === 404], path);
    await page.close();
  }
});
