// What forwarding costs in instructions: unlike time the same on a busy machine. Callgrind counts what the
// server's half of `kaibo bench egress` executes; the difference of a longer and a shorter run is free of
// what joining took. Where valgrind is missing nothing is counted, and the test says so.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { devNull } from "node:os";
import { test } from "node:test";
import { binary } from "./lib/server.mjs";

// 5,640 to 6,020 when this was written: how much is probed differs from run to run. Nearly 4,000 of them
// encrypt: Callgrind knows no AVX-512, with which it takes a fifth of that. A third more of the rest is
// more than any feature is worth.
const MOST_A_PACKET = 6_600;

const SERVER = "loadgen::egress::server::Server::step*";

function count(seconds) {
  const bench = ["bench", "egress", "--viewers", "40", "--seconds", `${seconds}`, "--json"];
  const callgrind = [
    "--tool=callgrind",
    `--callgrind-out-file=${devNull}`,
    `--toggle-collect=${SERVER}`,
  ];
  const run = spawnSync("valgrind", [...callgrind, binary(), ...bench], { encoding: "utf8" });
  if (run.error?.code === "ENOENT") return null;
  assert.equal(run.status, 0, run.stderr);
  const collected = /Collected : (\d+)/.exec(run.stderr);
  assert.ok(collected, run.stderr);
  return { instructions: Number(collected[1]), packets: JSON.parse(run.stdout).packets };
}

test("a packet to one viewer takes no more instructions than it did", (t) => {
  const short = count(1);
  if (short === null) return t.diagnostic("valgrind is not installed: nothing counted");
  const long = count(3);
  const aPacket = (long.instructions - short.instructions) / (long.packets - short.packets);
  t.diagnostic(`${aPacket.toFixed(0)} instructions a packet`);
  assert.ok(aPacket > 1_000, "the server was counted");
  assert.ok(aPacket < MOST_A_PACKET, `${aPacket} instructions a packet`);
});
