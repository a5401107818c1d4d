import type { Studio } from "../../hooks/use-studio";
import { ChatPanel } from "../chat/chat-panel";
import styles from "./chat-tab.module.css";

/** The chat as the host sees it, with what keeps order in the menu of each line. */
export function ChatTab({ studio: { publisher } }: { studio: Studio }) {
  return (
    <div className={styles.chat}>
      <ChatPanel chat={publisher.chat} />
    </div>
  );
}
