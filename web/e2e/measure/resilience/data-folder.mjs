import { execFile } from "node:child_process";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { hostAndFan, judged, longestGap, Site } from "./site.mjs";

const run = promisify(execFile);
const WATCH_MS = 10_000;
/** A browser that starts beside the fan's takes its core for a while; a broadcast that stops takes longer. */
const GAP_MS = 1_000;
const JOIN_MS = 5_000;
/** A resolver that is not there. */
const NOBODY = "198.18.80.254";

/** Before the server starts: its data folder is a disk of its own, which few other files fill. */
const SMALL_DISK = `
data=$(printf '%s\\n' "$*" | sed 's/.*--data \\([^ ]*\\).*/\\1/')
mount -t tmpfs -o size=128k tmpfs "$data"`;

/** R27: the data folder is full, then read-only, and names cannot be resolved. */
export async function dataFolder(rig, { path }) {
  const site = await Site.start(rig, { path, before: SMALL_DISK, nameserver: NOBODY });
  const { fan } = await hostAndFan(site);
  const found = [];
  for (const [what, happen] of [
    ["the disk is full", fill],
    ["and read-only", makeReadOnly],
  ]) {
    const [before, since] = [fan.standing(), Date.now()];
    await happen(site);
    const late = await site.browser("others", { role: "watch" });
    const { firstFrameMs } = late.standing();
    await late.stop();
    await site.settle(WATCH_MS);
    const gapMs = longestGap(fan.frames(), since, Date.now() - 600);
    const lost = fan.standing().lost - before.lost;
    const lacks = [
      ...(lost <= 0 && gapMs <= GAP_MS ? [] : ["the fan lost something"]),
      ...(firstFrameMs <= JOIN_MS ? [] : ["who joins waits"]),
    ];
    found.push(
      judged({
        name: `R27 ${path}: without DNS, ${what}`,
        goal: `no packet lost, no gap above ${GAP_MS / 1000} s; a fan who comes sees a picture within ${JOIN_MS / 1000} s of opening the page`,
        figure: `packets lost ${lost}, longest gap ${gapMs} ms; a fan who comes sees a picture after ${firstFrameMs} ms`,
        ok: lacks.length === 0,
        lacks: lacks.join(", "),
        ...{ gapMs, lost, firstFrameMs },
      }),
    );
  }
  return found;
}

async function fill(site) {
  const file = await open(`${site.dataFolder}/filler`, "w");
  try {
    for (;;) await file.write(Buffer.alloc(1_024));
  } catch (error) {
    if (error.code !== "ENOSPC") throw error;
  } finally {
    await file.close();
  }
}

async function makeReadOnly({ server }) {
  const inside = ["-t", String(server.pid), "-m"];
  await run("nsenter", [...inside, "mount", "-o", "remount,ro", server.dataDir]);
}

/** R27: the server starts with a folder in which it cannot write. */
export async function readOnlyStart(rig) {
  const before = `${SMALL_DISK}\nmount -o remount,ro "$data"`;
  const site = await Site.start(rig, { isPlain: true, before, nameserver: NOBODY });
  const { fan } = await hostAndFan(site);
  const since = Date.now();
  await site.settle(WATCH_MS);
  const gapMs = longestGap(fan.frames(), since, Date.now() - 600);
  return [
    judged({
      name: "R27: a start with a read-only folder, without HTTPS and DNS",
      goal: "it starts, a host goes live, a fan watches",
      figure: `they do; longest gap ${gapMs} ms`,
      ok: gapMs <= GAP_MS,
      lacks: "the fan lost something",
      gapMs,
    }),
  ];
}
