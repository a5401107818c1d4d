import { execFileSync } from "node:child_process";

/** What a program says; nothing when it fails. */
export function tell(program, ...args) {
  try {
    return execFileSync(program, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return "";
  }
}

/** What is left inside, as of a browser whose driver was killed. */
export function kill(pid) {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
