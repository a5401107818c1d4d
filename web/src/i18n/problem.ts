import type { PublisherProblem } from "../live/publisher";
import type { ViewerProblem } from "../live/viewer-phase";
import type { Translate } from "./language";
import type { Key } from "./zh";

const KEYS: Partial<Record<PublisherProblem | ViewerProblem, Key>> = {
  auth_required: "problem.auth_required",
  auth_bad: "problem.auth_bad",
  forbidden: "problem.forbidden",
  https_required: "problem.https_required",
  not_found: "problem.not_found",
  banned: "problem.banned",
  room_full: "problem.room_full",
  server_full: "problem.server_full",
  host_taken: "problem.host_taken",
  codec_unsupported: "problem.codec_unsupported",
  ice_timeout: "problem.network",
  ice_failed: "problem.network",
  dtls_failed: "problem.network",
  turn_needs_name: "problem.turn_needs_name",
  rate_limited: "problem.rate_limited",
  replaced: "problem.replaced",
  unsupported: "problem.unsupported",
  version_unsupported: "problem.version_unsupported",
};

/** What went wrong, in words; a code without words of its own is shown as it is. */
export function problemText(
  t: Translate,
  problem: PublisherProblem | ViewerProblem,
  detail?: string | null,
): string {
  return t(KEYS[problem] ?? "problem.other", { codec: detail ?? "?", code: problem });
}
