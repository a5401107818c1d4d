import { useLanguage } from "../../hooks/use-language";
import { useSettled } from "../../hooks/use-settled";
import type { Chat, ChatSnapshot } from "../../live/chat";
import { laterWithWords } from "../later";
import { ChatLog } from "./chat-log";
import type { ActionsFor } from "./line-actions";

const LineMenu = laterWithWords(async () => (await import("./line-menu")).LineMenu);

interface ChatListProps {
  chat: Chat;
  snapshot: ChatSnapshot;
  /** Instead of the usual actions of a line. */
  actions?: ActionsFor | undefined;
}

/** What was said in a room. */
export function ChatList({ chat, snapshot, actions }: ChatListProps) {
  const { t } = useLanguage();
  const { lines, waiting, me } = snapshot;
  // What was said before the page came is not read out.
  const isSettled = useSettled(me !== null);
  return (
    <ChatLog
      lines={lines}
      waiting={waiting}
      isOwn={({ uid }) => uid === me?.uid}
      isReadOut={isSettled}
      empty={t("chat.empty")}
      menu={(open) => <LineMenu key={open.item.mid} {...{ chat, snapshot, actions }} {...open} />}
    />
  );
}
