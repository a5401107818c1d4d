// `kaibo health`, which a container asks whether its server serves.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { certify } from "./lib/proxies.mjs";
import { binary, Server } from "./lib/server.mjs";

const run = promisify(execFile);

test("`kaibo health` tells in a sentence and a status whether the server serves", async (t) => {
  const ask = async (args, env = {}) => {
    const asked = run(binary(), ["health", ...args], { env: { ...process.env, ...env } });
    return asked.then(
      ({ stdout }) => ({ code: 0, said: stdout }),
      ({ code, stderr }) => ({ code, said: stderr }),
    );
  };
  const server = await Server.start();
  const url = `http://localhost:${server.port}/healthz`;
  assert.deepEqual(await ask([url]), { code: 0, said: `${url} is well\n` });
  const own = `http://127.0.0.1:${server.port}/healthz`;
  const settings = { KAIBO_LISTEN: `[::]:${server.port}` };
  assert.deepEqual(await ask([], settings), { code: 0, said: `${own} is well\n` });
  const missing = `http://127.0.0.1:${server.port}/api/nothing`;
  assert.deepEqual(await ask([missing]), { code: 1, said: `kaibo: ${missing} answers 404\n` });
  await server.stop();
  const { code, said } = await ask([url]);
  assert.equal(code, 1);
  assert.match(said, /^kaibo: http:\S+ does not answer: [^\n]+\n$/);

  const folder = await mkdtemp(path.join(tmpdir(), "kaibo-health-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [cert, key] = await Promise.all((await certify(folder, "x")).map((it) => readFile(it)));
  let status = 200;
  const answer = (_, response) => response.writeHead(status).end();
  for (const [scheme, other] of [
    ["http", http.createServer(answer)],
    ["https", https.createServer({ cert, key }, answer)],
  ]) {
    await new Promise((resolve) => other.listen(0, "127.0.0.1", resolve));
    t.after(() => other.close());
    for (const host of ["localhost", "127.0.0.1"]) {
      const there = `${scheme}://${host}:${other.address().port}/healthz`;
      status = 200;
      assert.deepEqual(await ask([there]), { code: 0, said: `${there} is well\n` });
      status = 503;
      assert.deepEqual(await ask([there]), { code: 1, said: `kaibo: ${there} answers 503\n` });
    }
  }
});
