import { type ChatProblem, TEXT_MAX } from "../live/chat";
import { NAME_MAX } from "../live/identity";
import type { Translate } from "./language";
import type { Key } from "./zh";

const KEYS: Partial<Record<ChatProblem["code"] | "invited_only", Key>> = {
  chat_off: "chat.problem.chat_off",
  invited_only: "chat.problem.invited_only",
  muted: "chat.problem.muted",
  banned: "chat.problem.banned",
  chat_slow: "chat.problem.chat_slow",
  chat_blocked: "chat.problem.chat_blocked",
  rate_limited: "chat.problem.rate_limited",
  too_large: "chat.problem.too_large",
  bad_field: "chat.problem.bad_field",
  not_connected: "chat.problem.not_connected",
  forbidden: "chat.problem.forbidden",
  not_found: "chat.problem.not_found",
};

/** Why a message was not said, or an action not done. */
export function chatProblemText(t: Translate, code: ChatProblem["code"] | "invited_only"): string {
  return t(KEYS[code] ?? "chat.problem.other", { max: TEXT_MAX, code });
}

/** Why a name was not taken. */
export function nameProblemText(t: Translate, { code }: ChatProblem): string {
  if (code === "name_bad") return t("chat.problem.name_bad", { max: NAME_MAX });
  if (code === "bad_field") return t("chat.problem.name_refused");
  return chatProblemText(t, code);
}
