// What docs/deploy.md hands out: the unit, the image, the compose file, and the options that they name.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parse } from "yaml";
import { binary } from "./lib/server.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** The worst rating of `systemd-analyze security` that passes, in tenths; 0 is best, 100 worst. */
const MOST_EXPOSED = 20;
/** Read when the program is built. */
const OF_BUILDS = ["KAIBO_WEB_DIST"];
/** An example of what a server warns of. */
const MISTYPED = "KAIBO_LISTN";

const run = promisify(execFile);
const read = (file) => readFile(path.join(ROOT, file), "utf8");
const isThere = (program) => run(program, ["--version"]).then(Boolean, () => false);

test("systemd takes the unit, and rates it as confined", async (t) => {
  if (!(await isThere("systemd-analyze"))) return t.skip("systemd-analyze is not here");
  const folder = await mkdtemp(path.join(tmpdir(), "kaibo-unit-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const unit = path.join(folder, "kaibo.service");
  const text = await read("deploy/kaibo.service");
  assert.ok(text.includes("ExecStart=/usr/local/bin/kaibo serve\n"));
  await writeFile(unit, text.replace("/usr/local/bin/kaibo", binary()));
  const verified = await run("systemd-analyze", ["verify", unit]);
  assert.equal(
    verified.stderr
      .split("\n")
      .filter((line) => line.includes("kaibo"))
      .join("\n"),
    "",
  );
  const threshold = `--threshold=${MOST_EXPOSED}`;
  await run("systemd-analyze", ["security", "--offline=true", threshold, "--no-pager", unit]);
});

test("the image is made of files that are there and that the engine is sent", async () => {
  const dockerfile = await read("Dockerfile");
  const ignored = (await read(".dockerignore")).split("\n").filter(Boolean);
  assert.equal(ignored[0], "*", "all but what is named");
  const sent = ignored.filter((line) => line.startsWith("!")).map((line) => line.slice(1));
  const stages = [...dockerfile.matchAll(/^FROM \S+ AS (\S+)$/gm)].map(([, name]) => name);
  const copies = [...dockerfile.matchAll(/^COPY (.+)$/gm)].map(([, line]) => line.split(" "));
  assert.ok(copies.length > 5);
  for (const words of copies) {
    const from = words.find((word) => word.startsWith("--from="))?.slice("--from=".length);
    const sources = words.filter((word) => !word.startsWith("--")).slice(0, -1);
    if (from) {
      assert.ok(stages.includes(from), `${from} is a stage`);
      continue;
    }
    for (const source of sources) {
      assert.ok(existsSync(path.join(ROOT, source)), `${source} is there`);
      assert.ok(sent.includes(source.split("/")[0]), `${source} is sent`);
    }
  }
  const { channel } = /channel = "(?<channel>[^"]+)"/.exec(
    await read("rust-toolchain.toml"),
  ).groups;
  assert.ok(dockerfile.includes(`FROM rust:${channel}-`), "the toolchain of the repository");
});

test("the compose file has a server on the host's network, and one with mapped ports", async () => {
  const { services, volumes } = parse(await read("compose.yaml"), { merge: true });
  const [host, ports] = [services.kaibo, services.ports];
  assert.deepEqual([host.network_mode, host.profiles], ["host", undefined], "the default");
  assert.deepEqual([ports.network_mode, ports.profiles], [undefined, ["ports"]]);
  assert.deepEqual(ports.ports, ["80:80/tcp", "443:443/tcp", "443:443/udp"]);
  for (const service of [host, ports]) {
    assert.deepEqual(service.volumes, ["data:/data"]);
    assert.deepEqual([service.cap_drop, service.cap_add], [["ALL"], ["NET_BIND_SERVICE"]]);
    assert.ok(!JSON.stringify(service).includes("no-new-privileges"));
    assert.ok(service.environment.KAIBO_PUBLISH_KEY.includes(":?"), "not without a key");
  }
  assert.ok("data" in volumes);
  assert.match(await read("Dockerfile"), /^ENV KAIBO_DATA=\/data$/m);
});

test("every option and variable that the deployment names is one of the program", async () => {
  const commands = ["serve", "doctor", "restore", "room list", "invite make", "play", "bench"];
  const helps = await Promise.all(
    commands.map((command) => run(binary(), [...command.split(" "), "--help"])),
  );
  const help = helps.map(({ stdout }) => stdout).join();
  const files = ["docs/deploy.md", "docs/deploy.zh-CN.md", "docs/operate.md", "README.md"];
  const named = new Set();
  for (const file of [...files, "compose.yaml", "deploy/kaibo.service", "Dockerfile"]) {
    const text = await read(file);
    for (const [variable] of text.matchAll(/\bKAIBO_[A-Z_]+\b/g)) named.add(variable);
    // Spans of code that begin with an option, and whole commands.
    const spans = [...text.matchAll(/`((?:kaibo serve )?--[a-z][^`]*)`/g)].map(([, it]) => it);
    const lines = [...text.matchAll(/^kaibo serve .*$/gm)].map(([it]) => it);
    for (const code of [...spans, ...lines]) {
      for (const [, option] of code.matchAll(/(?:^| )(--[a-z][a-z-]*)/g)) named.add(option);
    }
  }
  assert.ok(named.size > 15, [...named].join());
  const words = new Set(help.match(/--[a-z][a-z-]*|\bKAIBO_[A-Z_]+\b/g));
  const others = new Set([...OF_BUILDS, MISTYPED, "--restart"]);
  const missing = [...named].filter((name) => !words.has(name) && !others.has(name));
  assert.deepEqual(missing, [], "the help of the program has them");
});

test("both languages of the deployment have the same parts", async () => {
  const [english, chinese] = await Promise.all(
    ["docs/deploy.md", "docs/deploy.zh-CN.md"].map(read),
  );
  const count = (text) => ({
    headings: text.match(/^## /gm).length,
    blocks: text.match(/^ *```/gm).length,
    rows: text.match(/^\| /gm).length,
    bullets: text.match(/^- /gm).length,
  });
  assert.deepEqual(count(chinese), count(english));
});
