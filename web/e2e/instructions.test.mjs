// What forwarding and joining cost in instructions: unlike time the same on a busy machine. Callgrind counts
// what the server's half of `kaibo bench egress` executes; the difference of a longer and a shorter run is
// free of what joining took. Where valgrind is missing nothing is counted, and the test says so.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { binary } from "./lib/server.mjs";

// 5,640 to 6,020 when this was written: how much is probed differs from run to run. Nearly 4,000 of them
// encrypt: Callgrind knows no AVX-512, with which it takes a fifth of that. A third more of the rest is
// more than any feature is worth.
const MOST_A_PACKET = 6_600;

// Both descriptions and the DTLS handshake: 2,411,000 when this was written, a ninth of it for what is made once.
const MOST_A_JOIN = 2_700_000;

const VIEWERS = 40;
const COMMAND = "bench_core::server::Server::command";
const SERVER = [COMMAND, "bench_core::server::Server::step"];
// What is taken of handshakes; the descriptions are commands.
const HANDSHAKE = "dimpl::Dtls::handle_packet";

function count(seconds, out) {
  const bench = ["bench", "egress", "--viewers", `${VIEWERS}`, "--seconds", `${seconds}`, "--json"];
  const callgrind = ["--tool=callgrind", `--callgrind-out-file=${out}`];
  callgrind.push(...SERVER.map((it) => `--toggle-collect=${it}*`));
  const run = spawnSync("valgrind", [...callgrind, binary(), ...bench], { encoding: "utf8" });
  if (run.error?.code === "ENOENT") return null;
  assert.equal(run.status, 0, run.stderr);
  const collected = /Collected : (\d+)/.exec(run.stderr);
  assert.ok(collected, run.stderr);
  return { instructions: Number(collected[1]), packets: JSON.parse(run.stdout).packets };
}

// With all that it calls.
function inclusive(out, name) {
  const options = ["--inclusive=yes", "--threshold=100", out];
  const { stdout, error } = spawnSync("callgrind_annotate", options, { encoding: "utf8" });
  assert.ifError(error);
  const line = stdout.split("\n").find((it) => it.includes(`:${name}`));
  assert.ok(line, `${name} was counted`);
  return Number(line.trim().split(" ")[0].replaceAll(",", ""));
}

test("a packet to one viewer and a join take no more instructions than they did", (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "kaibo-instructions-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const out = path.join(folder, "callgrind.out");
  const short = count(1, out);
  if (short === null) return t.diagnostic("valgrind is not installed: nothing counted");
  const aJoin = (inclusive(out, COMMAND) + inclusive(out, HANDSHAKE)) / VIEWERS;
  const long = count(3, out);
  const aPacket = (long.instructions - short.instructions) / (long.packets - short.packets);
  t.diagnostic(`${aPacket.toFixed(0)} instructions a packet, ${aJoin.toFixed(0)} a join`);
  assert.ok(aPacket > 1_000, "the server was counted");
  assert.ok(aPacket < MOST_A_PACKET, `${aPacket} instructions a packet`);
  assert.ok(aJoin < MOST_A_JOIN, `${aJoin} instructions a join`);
});
