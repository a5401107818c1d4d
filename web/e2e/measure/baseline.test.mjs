// @vitest-environment node
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readBaseline, worseThan } from "./baseline.mjs";
import { UsageError } from "./rig.mjs";

const OPTIONS = { minutes: 3, "host-loss": 5, "host-no-rtx": false, json: "a.json" };
const fan = (gaps) => ({ freezes: { gaps } });

let folder;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "kaibo-soak-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("a run is compared with one that differs in RTX alone", async () => {
  const file = path.join(folder, "a.json");
  await writeFile(file, JSON.stringify({ options: OPTIONS, fans: { chromium: fan(3) } }));
  const now = { ...OPTIONS, "host-no-rtx": true, json: null, baseline: file };
  const before = await readBaseline(file, now);
  expect(worseThan("chromium", fan(3), before)).toEqual([]);
  expect(worseThan("chromium", fan(4), before)).toEqual([
    "chromium: 4 freezes over 200 ms, 3 in the run that it is compared with",
  ]);
  const other = readBaseline(file, { ...now, minutes: 10 });
  await expect(other).rejects.toThrow("had minutes 3, not 10");
});

test("a file that is no report is named", async () => {
  const file = path.join(folder, "b.json");
  await expect(readBaseline(file, OPTIONS)).rejects.toThrow(UsageError);
  await writeFile(file, "{");
  await expect(readBaseline(file, OPTIONS)).rejects.toThrow(file);
});
