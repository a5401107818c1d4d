import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { medianAndWorst } from "../recovery.mjs";
import { judged, seconds } from "./site.mjs";

const TOOL = fileURLToPath(new URL("../rebind.mjs", import.meta.url));
const TIMES = 3;
const GOAL_MS = 3_000;

/** R6: the NAT of a client forgets its mappings: `measure:rebind` with this row's goal. */
export async function rebinding(rig, { browser }) {
  const folder = await mkdtemp(path.join(tmpdir(), "kaibo-rebinding-"));
  const file = path.join(folder, "report.json");
  const options = { client: browser, times: TIMES, "goal-ms": GOAL_MS, json: file };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(process.execPath, [TOOL, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await rig.own(Promise.resolve(child), async (it) => {
    if (it.exitCode === null && it.signalCode === null) {
      it.kill("SIGTERM");
      await once(it, "exit");
    }
    await rm(folder, { recursive: true, force: true });
  });
  if (child.exitCode === null) await once(child, "exit");
  const { cases, failed } = JSON.parse(await readFile(file, "utf8"));
  return cases.map(({ client, role, recoveries }) => {
    const { median, worst } = medianAndWorst(recoveries.map(({ mediaMs }) => mediaMs));
    const anew = recoveries.reduce((sum, it) => sum + it.newConnections, 0);
    const mine = failed.filter((it) => it.startsWith(`${client} ${role}`));
    return judged({
      name: `R6 udp: a new port for ${client}, which ${role === "watch" ? "watches" : "publishes"}`,
      goal: `media and feedback within ${seconds(GOAL_MS)}, no new connection`,
      figure: `media median ${seconds(median)}, worst ${seconds(worst)} of ${recoveries.length}; new peer connections ${anew}`,
      ok: mine.length === 0 && recoveries.length === TIMES,
      lacks: mine.join(", "),
      recoveries,
    });
  });
}
