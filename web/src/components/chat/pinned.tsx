import { Pin } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import type { ChatItem } from "../../live/protocol";
import { Said, Who } from "./chat-line";
import styles from "./chat-panel.module.css";

/** The line above the chat. */
export function Pinned({ item }: { item: ChatItem }) {
  const { t } = useLanguage();
  return (
    <div className={styles.pinned} data-testid="pinned">
      <Pin size={16} aria-hidden="true" />
      <p>
        <span className="visually-hidden">{t("chat.pinned")} </span>
        <Who item={item} />
        <Said text={item.text} />
      </p>
    </div>
  );
}
