import { SendHorizontal } from "lucide-react";
import type { FormEvent } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useNow } from "../../hooks/use-now";
import { useStore } from "../../hooks/use-store";
import type { Chat } from "../../live/chat";
import { inputState, keepComposing } from "../chat/input-state";
import { StyleMenu } from "../chat/style-menu";
import styles from "./bar-input.module.css";

/** Where the person writes while the chat is not to be seen: in full screen, and on a phone held sideways. */
export function BarInput({ chat }: { chat: Chat }) {
  const { t } = useLanguage();
  const snapshot = useStore(chat);
  const { draft } = snapshot;
  const now = useNow(snapshot.readyAtMs !== null || snapshot.problem?.untilMs != null);
  const { silence, waitS, canSend, problem } = inputState(t, snapshot, now);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (silence === null && waitS === 0) chat.sendDraft();
  };
  return (
    <form className={styles.form} onSubmit={send} data-testid="bar-input">
      <p className={styles.problem} role="alert">
        {problem}
      </p>
      <StyleMenu chat={chat} snapshot={snapshot} look="over" />
      <input
        className={styles.input}
        value={draft}
        disabled={silence !== null}
        placeholder={t("chat.input")}
        aria-label={t("chat.input")}
        autoComplete="off"
        enterKeyHint="send"
        onChange={(event) => chat.setDraft(event.target.value)}
        onKeyDown={keepComposing}
      />
      <button type="submit" className={styles.send} aria-label={t("chat.send")} disabled={!canSend}>
        {waitS > 0 ? t("chat.sendIn", { s: waitS }) : <SendHorizontal size={18} />}
      </button>
    </form>
  );
}
