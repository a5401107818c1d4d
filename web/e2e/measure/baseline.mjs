import { readFile } from "node:fs/promises";
import { UsageError } from "./rig.mjs";

/** What may differ between two runs that are compared. */
const FREE = new Set(["host-no-rtx", "json", "baseline"]);

/** Reads the report of another run, which must have had the same options but for RTX. */
export async function readBaseline(file, options) {
  let report;
  try {
    report = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new UsageError(`--baseline ${file}: ${error.message}`);
  }
  for (const [name, value] of Object.entries(options)) {
    const before = report.options?.[name];
    if (FREE.has(name) || before === value) continue;
    throw new UsageError(`--baseline ${file} had ${name} ${before}, not ${value}`);
  }
  return report;
}

/** Whether a fan froze more often than in the other run. */
export function worseThan(name, { freezes }, baseline) {
  const before = baseline.fans[name].freezes.gaps;
  if (freezes.gaps <= before) return [];
  return [
    `${name}: ${freezes.gaps} freezes over 200 ms, ${before} in the run that it is compared with`,
  ];
}
