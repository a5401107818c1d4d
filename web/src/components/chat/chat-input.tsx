import { SendHorizontal, Smile, UserRound } from "lucide-react";
import { type FormEvent, type RefObject, useId, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useNow } from "../../hooks/use-now";
import { type Chat, type ChatSnapshot, keepsOrder, TEXT_MAX } from "../../live/chat";
import { IconButton } from "../button";
import { laterWithWords } from "../later";
import styles from "./chat-input.module.css";
import { inputState, keepComposing } from "./input-state";
import { StyleMenu } from "./style-menu";

const EmojiRow = laterWithWords(async () => (await import("./emoji-row")).EmojiRow);

interface ChatInputProps {
  chat: Chat;
  snapshot: ChatSnapshot;
  /** Focused by the page's keys. */
  field?: RefObject<HTMLInputElement | null>;
  /** Whether the person chooses how the message looks over the picture. */
  withStyle?: boolean;
  /** Over the picture: light on dark, in either theme. */
  look?: "plain" | "over";
}

/** From so many characters on the person is told how many are left. */
const COUNT_FROM = TEXT_MAX - 50;

/** Where the person writes. What went wrong is said here. */
export function ChatInput({
  chat,
  snapshot,
  field,
  withStyle = false,
  look = "plain",
}: ChatInputProps) {
  const { t } = useLanguage();
  const id = useId();
  const [panel, setPanel] = useState<"emoji" | null>(null);
  const { draft, rules, me, name } = snapshot;
  const waits = snapshot.readyAtMs !== null || snapshot.problem?.untilMs != null;
  const isTimed = waits || me?.mutedUntil !== undefined;
  const now = useNow(isTimed);
  const { silence, waitS, left, canSend, problem } = inputState(t, snapshot, now);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (silence === null && waitS === 0) chat.sendDraft();
  };
  return (
    <form className={styles.form} data-look={look} onSubmit={send}>
      <p id={`${id}-problem`} className={styles.problem} role="alert" data-testid="chat-problem">
        {problem}
      </p>
      <div className={styles.row}>
        <div className={styles.box} data-silenced={silence !== null}>
          {withStyle && silence === null && <StyleMenu chat={chat} snapshot={snapshot} />}
          <input
            ref={field}
            className={styles.input}
            data-testid="chat-input"
            value={draft}
            disabled={silence !== null}
            placeholder={t("chat.input")}
            aria-label={t("chat.input")}
            aria-invalid={problem !== ""}
            aria-describedby={`${id}-problem ${id}-count`}
            autoComplete="off"
            enterKeyHint="send"
            onChange={(event) => chat.setDraft(event.target.value)}
            onKeyDown={keepComposing}
          />
          <IconButton
            label={t("chat.emoji")}
            aria-expanded={panel === "emoji"}
            onClick={() => setPanel((open) => (open ? null : "emoji"))}
          >
            <Smile size={20} />
          </IconButton>
        </div>
        <button
          type="submit"
          className={styles.send}
          data-testid="chat-send"
          aria-label={t("chat.send")}
          disabled={!canSend}
        >
          {waitS > 0 ? t("chat.sendIn", { s: waitS }) : <SendHorizontal size={20} />}
        </button>
      </div>
      {panel === "emoji" && <EmojiRow onPick={(emoji) => chat.setDraft(draft + emoji)} />}
      <div className={styles.foot}>
        {name !== null && (
          <button
            type="button"
            className={styles.name}
            data-testid="chat-rename"
            onClick={() => chat.askName()}
          >
            <UserRound size={14} aria-hidden="true" />
            <b className="visually-hidden">{t("chat.rename")} </b>
            <span>{name}</span>
          </button>
        )}
        {rules.slowS > 0 && !keepsOrder(me) && (
          <span className={styles.slow}>{t("chat.slow", { s: rules.slowS })}</span>
        )}
        <span id={`${id}-count`} className={styles.count} data-over={left < 0}>
          {left <= TEXT_MAX - COUNT_FROM && (
            <>
              <span aria-hidden="true">{left}</span>
              <span className="visually-hidden">{t("chat.left", { n: left })}</span>
            </>
          )}
        </span>
      </div>
    </form>
  );
}
