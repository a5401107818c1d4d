/* The API of the operator is as its description says: schemathesis asks thousands of things of it. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Server } from "./lib/server.mjs";

const TOOLS = fileURLToPath(new URL("../../target/tools", import.meta.url));

/** What is not asked for, and why. */
const NOT_ASKED = [
  // It would count as guesses, and then nothing is answered any more.
  ["--exclude-operation-id", "claimOwner"],
  ["--exclude-operation-id", "logIn"],
  // It would call servers on the internet.
  ["--exclude-operation-id", "testWebhook"],
  // A schema cannot say all that is wrong: a cursor of another list, a token that allows nothing, a password that
  // belongs to no policy. That these are told apart is tested where they are read.
  ["--exclude-checks", "positive_data_acceptance"],
];

let server;
let folder;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "kaibo-openapi-"));
  server = await Server.start();
});
after(async () => {
  await server?.stop();
  if (folder) await rm(folder, { recursive: true });
});

/** Where `./test` installed it. */
async function schemathesis() {
  const names = await readdir(TOOLS).catch(() => []);
  const name = names.find((it) => /^schemathesis-[\d.]+$/.test(it));
  assert.ok(name, "schemathesis is missing: ./test e2e installs it");
  return path.join(TOOLS, name);
}

test("every answer is one that the description has, and none is a fault of the server", async (t) => {
  const description = await (await fetch(`${server.base}/api/v1/openapi.json`)).json();
  // A key names one request. What is made up here would name many the same.
  for (const { post } of Object.values(description.paths)) {
    if (post) post.parameters = post.parameters?.filter(({ name }) => name !== "Idempotency-Key");
  }
  const file = path.join(folder, "openapi.json");
  await writeFile(file, JSON.stringify(description));
  const args = ["--url", server.base, "--seed", "1", "--max-examples", "8", ...NOT_ASKED.flat()];
  const child = spawn("python3", ["-m", "schemathesis.cli", "run", file, ...args], {
    cwd: folder,
    env: { ...process.env, PYTHONPATH: await schemathesis(), NO_COLOR: "1" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said += text;
    });
  }
  const [code] = await once(child, "close");
  assert.equal(code, 0, said);
  t.diagnostic(said.match(/\d+ generated.*/)?.[0]);
});
