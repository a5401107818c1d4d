import { Heart } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import { formatCount } from "../../i18n/format";
import type { Chat } from "../../live/chat";
import { REACTION_KINDS, REACTIONS } from "../../live/reactions";
import styles from "./like-bar.module.css";

/** The heart with its count. */
export function LikeButton({ chat, look = "plain" }: { chat: Chat; look?: "plain" | "over" }) {
  const { t, language } = useLanguage();
  const { likes } = useStore(chat);
  return (
    <button
      type="button"
      className={styles.like}
      data-look={look}
      data-liked={likes > 0}
      data-testid="like"
      data-count={likes}
      aria-label={t("like.label", { n: likes })}
      title={t("like.title")}
      onClick={() => chat.like()}
    >
      <Heart size={20} aria-hidden="true" />
      <span aria-hidden="true">{likes > 0 ? formatCount(likes, language) : t("like.title")}</span>
    </button>
  );
}

/** Gestures without words, in a row. */
export function ReactionRow({ chat }: { chat: Chat }) {
  const { t } = useLanguage();
  return (
    <div className={styles.reactions} role="toolbar" aria-label={t("react.label")}>
      {REACTION_KINDS.map((kind) => (
        <button
          key={kind}
          type="button"
          aria-label={t(`react.${kind}`)}
          title={t(`react.${kind}`)}
          data-testid={`react-${kind}`}
          onClick={() => chat.react(kind)}
        >
          {REACTIONS[kind]}
        </button>
      ))}
    </div>
  );
}
