import type { KeyboardEvent } from "react";
import { chatProblemText } from "../../i18n/chat-problem";
import { formatDuration } from "../../i18n/format";
import type { Translate } from "../../i18n/language";
import { type ChatSnapshot, silenced, TEXT_MAX } from "../../live/chat";

/** What a field for messages shows, from what the chat knows. */
export function inputState(t: Translate, snapshot: ChatSnapshot, nowMs: number) {
  const silence = silenced(snapshot, nowMs);
  const waitS = secondsUntil(snapshot, nowMs);
  const left = TEXT_MAX - [...snapshot.draft].length;
  const isReady = silence === null && waitS === 0 && snapshot.waiting.length === 0;
  return {
    /** Why the person may not write at all. */
    silence,
    /** Seconds until it may. */
    waitS,
    /** Characters left. */
    left,
    canSend: isReady && left >= 0 && snapshot.draft.trim() !== "",
    problem: problemText(t, snapshot, silence, nowMs),
  };
}

/** Enter chooses a word of an input method first. Safari tells it only by this code. */
export function keepComposing(event: KeyboardEvent): void {
  const { isComposing, keyCode } = event.nativeEvent;
  if (event.key === "Enter" && (isComposing || keyCode === 229)) event.preventDefault();
}

function secondsUntil({ readyAtMs, problem }: ChatSnapshot, nowMs: number): number {
  const at = Math.max(readyAtMs ?? 0, problem?.untilMs ?? 0);
  return at > nowMs ? Math.ceil((at - nowMs) / 1000) : 0;
}

function problemText(
  t: Translate,
  { problem, me }: ChatSnapshot,
  silence: ReturnType<typeof silenced>,
  nowMs: number,
): string {
  if (silence === "muted" && me?.mutedUntil !== undefined) {
    return t("chat.problem.mutedUntil", { time: formatDuration(me.mutedUntil - nowMs) });
  }
  if (silence !== null) return chatProblemText(t, silence);
  if (problem === null) return "";
  // A wait that is over is no problem any more.
  if (problem.untilMs !== null && problem.untilMs <= nowMs) return "";
  return chatProblemText(t, problem.code);
}
