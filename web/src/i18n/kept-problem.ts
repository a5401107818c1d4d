import type { KeptProblem } from "../live/kept/ask";
import type { Translate } from "./language";
import type { Key } from "./zh";

const KEYS: Partial<Record<KeptProblem, Key>> = {
  offline: "kept.problem.offline",
  room_offline: "kept.problem.room_offline",
  rate_limited: "kept.problem.rate_limited",
  server_full: "kept.problem.server_full",
  draining: "kept.problem.server_full",
  forbidden: "kept.problem.forbidden",
  auth_required: "kept.problem.auth",
  auth_bad: "kept.problem.auth",
  not_found: "kept.problem.not_found",
};

/** Why something that is kept of a room did not come, or a clip was not made. */
export function keptProblemText(t: Translate, problem: KeptProblem): string {
  return t(KEYS[problem] ?? "kept.problem.other", { code: problem });
}
