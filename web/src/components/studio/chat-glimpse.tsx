import { useStore } from "../../hooks/use-store";
import type { Chat } from "../../live/chat";
import { Who } from "../chat/chat-line";
import styles from "./chat-glimpse.module.css";

/** So many lines lie over the picture. */
const LINES = 5;

/** The last lines of the chat over the picture of a phone; the whole of it is behind the button. */
export function ChatGlimpse({ chat }: { chat: Chat }) {
  const { lines } = useStore(chat);
  const last = lines.filter((line) => line.kind === "text").slice(-LINES);
  return (
    <ul className={styles.lines} data-testid="glimpse">
      {last.map((line) => (
        <li key={line.key}>
          <Who item={line.item} /> <span dir="auto">{line.item.text}</span>
        </li>
      ))}
    </ul>
  );
}
