import type { ErrorCode } from "./protocol";

/** Errors of the path: worth a new connection once one has worked. */
export const PATH_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "ice_timeout",
  "ice_failed",
  "dtls_failed",
  "internal",
]);

/** There is no place, and one may become free. */
export const FULL_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["room_full", "server_full"]);

/** What this browser cannot take of what the server says; another try would be the same. */
export const MISFITS: readonly ErrorCode[] = [
  "codec_unsupported",
  "version_unsupported",
  "sdp_bad",
  "sdp_no_media",
];

/** After these who watches need not try again. */
export const HOPELESS_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...MISFITS,
  "not_found",
  "banned",
  "auth_required",
  "auth_bad",
]);

/** What became of a page to which the server said `bye` for good. */
export function problemOfBye(reason: string): "banned" | "replaced" {
  return reason === "banned" || reason === "kicked" ? "banned" : "replaced";
}
