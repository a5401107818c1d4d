import { readdir, readFile } from "node:fs/promises";

/** What a process uses, on Linux. */
export async function usageOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const stat = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ").at(-1).split(" ");
  const descriptors = (await readdir(`/proc/${pid}/fd`)).length;
  return {
    rssKb: Number(/VmRSS:\s+(\d+)/.exec(status)[1]),
    threads: Number(/Threads:\s+(\d+)/.exec(status)[1]),
    descriptors,
    // Fields 14 and 15 of proc(5), in hundredths of a second.
    cpuMs: (Number(stat[11]) + Number(stat[12])) * 10,
  };
}
