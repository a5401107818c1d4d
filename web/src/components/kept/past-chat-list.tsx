import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import type { PastChat } from "../../live/kept/past-chat";
import { ChatLog } from "../chat/chat-log";
import { laterWithWords } from "../later";
import styles from "./past-chat-list.module.css";

const PastLineMenu = laterWithWords(async () => (await import("../chat/line-menu")).PastLineMenu);

/** The chat of a past broadcast, up to the moment that is shown. */
export function PastChatList({ chat }: { chat: PastChat }) {
  const { t } = useLanguage();
  const { lines, jumps } = useStore(chat);
  return (
    <aside className={styles.chat} aria-label={t("chat.title")} data-testid="past-chat">
      <div className={styles.column}>
        <h2>{t("chat.title")}</h2>
        <ChatLog
          // Who goes to another moment reads the newest of that.
          key={jumps}
          lines={lines}
          isOwn={chat.isOwn}
          isReadOut={false}
          empty={t("past.chatSoon")}
          menu={(open) => <PastLineMenu key={open.item.mid} {...open} />}
        />
      </div>
    </aside>
  );
}
