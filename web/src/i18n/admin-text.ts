import type { ApiProblem } from "../live/admin/api";
import type { AdminTranslate } from "./admin-words";
import { formatBitrate } from "./format";
import type { Language, Translate } from "./language";
import type { Key } from "./zh";
import type { AdminKey } from "./zh-admin";

/** Why something was not done, in words; what has none of its own in the server's. */
export function adminProblem(t: AdminTranslate, problem: ApiProblem): string {
  const { status, code, detail, retryAfterS } = problem;
  if (code === "unreachable") return t("problem.unreachable");
  if (code === "rate_limited" || status === 429) {
    return retryAfterS === null
      ? t("problem.rateLater")
      : t("problem.rate", { s: Math.ceil(retryAfterS) });
  }
  if (status === 412) return t("problem.changed");
  if (code === "server_full") return t("problem.full");
  if (status === 404) return t("problem.gone");
  if (status === 403) return t("problem.forbidden");
  if (code === "draining") return t("problem.draining");
  return t("problem.other", { detail: detail || code });
}

const FINDINGS: Record<string, AdminKey> = {
  b_frames: "find.b_frames",
  keyframe_interval: "find.keyframe_interval",
  ignores_pli: "find.ignores_pli",
  h264_profile: "find.h264_profile",
  no_parameter_sets: "find.no_parameter_sets",
  no_audio: "find.no_audio",
  no_opus: "find.no_opus",
  bitrate_over_limit: "find.bitrate_over_limit",
  over_ceiling: "find.over_ceiling",
  unknown_media: "find.unknown_media",
  lossy_uplink: "find.lossy_uplink",
};

/** What to do about a finding; of one that is newer than the page, what the server says, in English. */
export function findingWay(
  say: Translate,
  code: string,
  detail: string | null | undefined,
): string | null {
  return code in FINDINGS ? say(`finding.${code}.way` as Key) : (detail ?? null);
}

/** The short name of a finding; of one that is newer than the page, its code. */
export function findingName(t: AdminTranslate, code: string): string {
  const key = FINDINGS[code];
  return key === undefined ? code : t(key);
}

/** `today 14:05`, `Dec 1, 14:05`, `Dec 1, 2025, 14:05`. */
export function formatMoment(
  t: AdminTranslate,
  language: Language,
  at: number,
  now = Date.now(),
): string {
  const [then, today] = [new Date(at), new Date(now)];
  const time = then.toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
  if (then.toDateString() === today.toDateString()) return t("admin.today", { time });
  return then.toLocaleString(language, {
    ...(then.getFullYear() === today.getFullYear() ? {} : { year: "numeric" }),
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  });
}

/** `14:05`. */
export function formatClock(language: Language, at: number): string {
  return new Date(at).toLocaleTimeString(language, { hour: "2-digit", minute: "2-digit" });
}

/** `640 kbit/s`, `1.8 Mbit/s`, `1.3 Gbit/s`. */
export function formatKbps(kbps: number): string {
  return kbps < 1_000_000 ? formatBitrate(kbps * 1000) : `${(kbps / 1_000_000).toFixed(1)} Gbit/s`;
}

const DEEDS: Record<string, AdminKey> = {
  "owner.make": "deed.owner.make",
  "owner.link": "deed.owner.link",
  "session.open": "deed.session.open",
  "session.end": "deed.session.end",
  "room.put": "deed.room.put",
  "room.delete": "deed.room.delete",
  "key.make": "deed.key.make",
  "key.rotate": "deed.key.rotate",
  "key.delete": "deed.key.delete",
  "invite.make": "deed.invite.make",
  "invite.delete": "deed.invite.delete",
  "token_key.make": "deed.token_key.make",
  "token_key.delete": "deed.token_key.delete",
  "token.make": "deed.token.make",
  "webhook.make": "deed.webhook.make",
  "webhook.delete": "deed.webhook.delete",
  "recording.start": "deed.recording.start",
  "recording.stop": "deed.recording.stop",
  "recording.delete": "deed.recording.delete",
  reload: "deed.reload",
};

/** What was done, as the log of deeds names it. */
export function deedName(t: AdminTranslate, deed: string): string {
  const key = DEEDS[deed];
  return key === undefined ? deed : t(key);
}

const ENDS: Record<string, AdminKey> = {
  ended: "shows.why.ended",
  left: "shows.why.left",
  no_media: "shows.why.no_media",
  connection_lost: "shows.why.connection_lost",
  client_gone: "shows.why.client_gone",
  replaced: "shows.why.replaced",
  revoked: "shows.why.revoked",
  banned: "shows.why.banned",
  flooding: "shows.why.flooding",
  server_stopped: "shows.why.server_stopped",
};

/** Why a broadcast was over. */
export function endName(t: AdminTranslate, why: string): string {
  const key = ENDS[why];
  return key === undefined ? why : t(key);
}

const LAYERS: Record<string, AdminKey> = {
  single: "shows.layer.single",
  off: "shows.layer.off",
  f: "shows.layer.f",
  h: "shows.layer.h",
  q: "shows.layer.q",
};

/** A layer of a broadcast: our pages name them by their `rid`, encoders as they like. */
export function layerName(t: AdminTranslate, name: string): string {
  const key = LAYERS[name];
  return key === undefined ? name : t(key);
}
