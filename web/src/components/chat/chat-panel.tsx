import { X } from "lucide-react";
import type { ReactNode, RefObject } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import { chatProblemText } from "../../i18n/chat-problem";
import type { Chat } from "../../live/chat";
import { IconButton } from "../button";
import { later, laterWithWords } from "../later";
import { ChatInput } from "./chat-input";
import { ChatList } from "./chat-list";
import styles from "./chat-panel.module.css";
import type { ActionsFor } from "./line-actions";

/** The line above the chat. */
export const Pinned = later(async () => (await import("./pinned")).Pinned);
const NameDialog = laterWithWords(async () => (await import("./name-dialog")).NameDialog);

interface ChatPanelProps {
  chat: Chat;
  /** Instead of the usual actions of a line. */
  actions?: ActionsFor;
  /** Above the lines, beside the title. */
  head?: ReactNode;
  /** Above the input. */
  foot?: ReactNode;
  field?: RefObject<HTMLInputElement | null>;
  withStyle?: boolean;
  /** Over the picture: light on dark, in either theme. */
  look?: "plain" | "over";
  /** False: the page shows `ChatDialogs` itself, since it hides the panel at times. */
  dialogs?: boolean;
}

/** The whole chat of a room in a column: pinned line, lines, input. Fills the height it is given. */
export function ChatPanel(props: ChatPanelProps) {
  const { chat, actions, head, foot, field, withStyle = false, dialogs = true } = props;
  const { look = "plain" } = props;
  const { t } = useLanguage();
  const snapshot = useStore(chat);
  const { pinned, actionProblem } = snapshot;
  return (
    <section
      className={styles.panel}
      data-look={look}
      aria-label={t("chat.title")}
      data-testid="chat"
    >
      {head}
      {pinned && <Pinned item={pinned} />}
      <ChatList chat={chat} snapshot={snapshot} actions={actions} />
      <div className={styles.problem} role="alert">
        {actionProblem && (
          <>
            {chatProblemText(t, actionProblem.code)}
            <IconButton label={t("common.close")} onClick={() => chat.closeActionProblem()}>
              <X size={16} />
            </IconButton>
          </>
        )}
      </div>
      {foot}
      <ChatInput
        chat={chat}
        snapshot={snapshot}
        withStyle={withStyle}
        look={look}
        {...(field ? { field } : {})}
      />
      {dialogs && <ChatDialogs chat={chat} />}
    </section>
  );
}

/** What the chat asks the person. */
export function ChatDialogs({ chat }: { chat: Chat }) {
  const snapshot = useStore(chat);
  if (!snapshot.asksName) return null;
  return <NameDialog chat={chat} snapshot={snapshot} />;
}
