import type { zhProblem } from "./zh-problem";

export const enProblem: Readonly<Record<keyof typeof zhProblem, string>> = {
  "problem.auth_required": "This room needs a key",
  "problem.auth_bad": "The key is not right",
  "problem.https_required": "This page needs HTTPS: open it with https://",
  "problem.forbidden": "The server does not allow this",
  "problem.not_found": "There is no such room",
  "problem.banned": "You were removed from this room",
  "problem.room_full": "The room is full",
  "problem.server_full": "The server is full",
  "problem.host_taken": "Somebody else is live in this room. Choose another room name",
  "problem.codec_unsupported":
    "Your browser cannot play {codec}. Use a current Chrome, Edge or Safari",
  "problem.rate_limited": "Too many attempts. Try again in a minute",
  "problem.version_unsupported": "This page is out of date, please reload",
  "chat.problem.chat_off": "The host has switched the chat off",
  "chat.problem.invited_only": "Only people with the invitation link may write",
  "chat.problem.muted": "You are muted",
  "chat.problem.mutedUntil": "You are muted for another {time}",
  "chat.problem.banned": "You were removed from this room",
  "chat.problem.chat_slow": "Slow mode is on, please wait a moment",
  "chat.problem.chat_blocked": "The message has a word that is not allowed here",
  "chat.problem.rate_limited": "Too fast, please wait a moment",
  "chat.problem.too_large": "At most {max} characters",
  "chat.problem.bad_field": "The message has no visible text, or is too long",
  "chat.problem.name_bad": "A name has 1 to {max} characters",
  "chat.problem.name_refused":
    "This name cannot be used: no invisible characters, and no mix of letters that look alike",
  "chat.problem.forbidden": "You may not do that",
  "chat.problem.not_found": "The message is gone",
  "chat.problem.other": "That did not work ({code})",
  "watch.noDelayed":
    "The host sends VP8, which cannot be watched with a delay instead. With H264 it could.",
  "bell.notifies": "Keep this tab open: it rings and shows a notification.",
  "bell.rings": "Keep this tab open: it rings.",
  "problem.turn_needs_name":
    "This network lets no media through. The way around it needs the server’s name, not its IP address, in this browser: open the page by the name, or in Chrome, Edge or Safari",
};
