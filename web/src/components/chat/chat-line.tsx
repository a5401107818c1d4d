import { Ellipsis } from "lucide-react";
import { type CSSProperties, memo } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { ChatLine } from "../../live/chat-lines";
import { pieces } from "../../live/links";
import type { ChatItem, Standing } from "../../live/protocol";
import styles from "./chat-list.module.css";
import { hueOf } from "./hue";

interface ChatLineViewProps {
  line: ChatLine;
  own: boolean;
}

/** One line of the chat. */
export const ChatLineView = memo(function ChatLineView({ line, own }: ChatLineViewProps) {
  const { t } = useLanguage();
  if (line.kind === "gap") {
    return <li className={styles.system}>{t("chat.gap", { n: line.n })}</li>;
  }
  const { item } = line;
  if (line.kind === "entered") {
    return <li className={styles.system}>{t("chat.entered", { name: item.name })}</li>;
  }
  return (
    <li className={styles.line} data-own={own} data-key={line.key} data-testid="chat-line">
      <Who item={item} />
      <Said text={item.text} />
      <button
        type="button"
        className={styles.more}
        // The list is one stop of the Tab key; arrows lead to its lines.
        tabIndex={-1}
        aria-haspopup="menu"
        aria-label={t("chat.menu", { name: item.name })}
      >
        <Ellipsis size={18} aria-hidden="true" />
      </button>
    </li>
  );
});

/** What somebody wrote: text is text, whatever it looks like, and an address leads there. */
export function Said({ text }: { text: string }) {
  return (
    <span className={styles.text} dir="auto">
      {pieces(text).map(({ text, href }, at) =>
        href === null ? (
          text
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the text of a line does not change
          <a key={at} href={href} target="_blank" rel="noopener noreferrer nofollow ugc">
            {text}
          </a>
        ),
      )}
    </span>
  );
}

/** The name of who wrote it, in a colour of its own, with what the person is. */
export function Who({
  item,
  alone = false,
}: {
  item: Pick<ChatItem, "uid" | "name" | "standing">;
  /** Nothing that it said follows. */
  alone?: boolean;
}) {
  const hue = { "--hue": hueOf(item.uid) } as CSSProperties;
  return (
    <>
      <StandingBadge standing={item.standing} />
      <span className={styles.name} style={hue} dir="auto">
        {item.name}
      </span>
      {!alone && <span className={styles.colon}>{": "}</span>}
    </>
  );
}

export function StandingBadge({ standing }: { standing: Standing }) {
  const { t } = useLanguage();
  if (standing === "fan") return null;
  return (
    <>
      <span className={styles.badge} data-standing={standing}>
        {t(`chat.standing.${standing}`)}
      </span>{" "}
    </>
  );
}
