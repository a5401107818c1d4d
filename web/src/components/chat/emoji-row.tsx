import { useLanguage } from "../../hooks/use-language";
import styles from "./chat-input.module.css";

const EMOJI = [
  "😂",
  "👍",
  "❤️",
  "😍",
  "👏",
  "🎉",
  "🔥",
  "😭",
  "😮",
  "🤔",
  "🙏",
  "💪",
  "👀",
  "🌹",
  "🐂",
  "6️⃣",
];

/** What people say without words; phones have all others on their keyboards. */
export function EmojiRow({ onPick }: { onPick: (emoji: string) => void }) {
  const { t } = useLanguage();
  return (
    <div className={styles.emoji} role="toolbar" aria-label={t("chat.emoji")}>
      {EMOJI.map((emoji) => (
        <button
          key={emoji}
          type="button"
          aria-label={t("chat.emojiInsert", { emoji })}
          onClick={() => onPick(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}
