import { ArrowDown } from "lucide-react";
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  type ReactNode,
  useCallback,
  useRef,
  useState,
} from "react";
import { useFollowing } from "../../hooks/use-following";
import { useLanguage } from "../../hooks/use-language";
import type { ChatLine } from "../../live/chat-lines";
import type { ChatItem } from "../../live/protocol";
import { Spinner } from "../button";
import { later } from "../later";
import styles from "./chat-list.module.css";

interface ChatLogProps {
  lines: readonly ChatLine[];
  /** What the person said and the server has not confirmed. */
  waiting?: readonly { id: string; text: string }[];
  isOwn: (item: ChatItem) => boolean;
  /** Whether new lines are read out to who does not see them. */
  isReadOut: boolean;
  /** In the place of lines, before there are any. */
  empty: string;
  /** The menu of a line. */
  menu: (open: OpenMenu) => ReactNode;
}

export interface OpenMenu {
  item: ChatItem;
  anchor: HTMLElement;
  onClose: () => void;
}

/** Who reads the newest sees so many lines; who scrolls up sees all that are kept. */
const SHOWN_MAX = 200;
const LONG_PRESS_MS = 500;
const NOTHING: readonly never[] = [];

/** Before somebody has said something there is nothing to show. */
export const ChatRows = later(async () => (await import("./chat-rows")).ChatRows);

/** Lines of a chat, the newest at the bottom. */
export function ChatLog(props: ChatLogProps) {
  const { lines, waiting = NOTHING, isOwn, isReadOut, empty } = props;
  const { t } = useLanguage();
  const { list, following, unread, scrolled, toEnd } = useFollowing(lines, waiting.length);
  const shown = following ? lines.slice(-SHOWN_MAX) : lines;
  const menu = useLineMenu(lines);
  /** The code for the lines came after they did. */
  const arrived = () => following && toEnd();
  return (
    <div className={styles.frame}>
      <div
        ref={list}
        className={styles.list}
        role="log"
        aria-live={isReadOut ? "polite" : "off"}
        aria-label={t("chat.log")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and arrow keys select its lines
        tabIndex={0}
        data-testid="chat-log"
        data-following={following}
        onScroll={scrolled}
        {...menu.handlers}
      >
        {lines.length === 0 && waiting.length === 0 && <p className={styles.empty}>{empty}</p>}
        <ul className={styles.lines}>
          {lines.length > 0 && <ChatRows lines={shown} isOwn={isOwn} onShown={arrived} />}
          {waiting.map(({ id, text }) => (
            <li key={id} className={styles.line} data-waiting="true">
              <Spinner />
              <span className="visually-hidden">{t("chat.sending")}</span> {text}
            </li>
          ))}
        </ul>
      </div>
      {!following && (
        <button
          type="button"
          className={styles.pill}
          data-testid="chat-to-end"
          onClick={() => {
            toEnd();
            list.current?.focus();
          }}
        >
          <ArrowDown size={16} aria-hidden="true" />
          {unread > 0 ? t("chat.new", { n: unread }) : t("chat.toEnd")}
        </button>
      )}
      {menu.open && props.menu({ ...menu.open, onClose: menu.close })}
    </div>
  );
}

/** Opens a line's menu: by its button, by a long press of a finger, by arrow keys and Enter. */
function useLineMenu(lines: readonly ChatLine[]) {
  const [open, setOpen] = useState<{ item: ChatItem; anchor: HTMLElement } | null>(null);
  const press = useRef<ReturnType<typeof setTimeout>>(undefined);
  const close = useCallback(() => setOpen(null), []);
  const openFor = (target: EventTarget | null) => {
    const element = target instanceof Element ? target.closest("[data-key]") : null;
    const key = element?.getAttribute("data-key");
    const line = lines.find((one) => one.key === key);
    const row = element?.closest("li");
    const anchor = row?.querySelector<HTMLElement>("button");
    if (line?.kind === "text" && anchor) setOpen({ item: line.item, anchor });
  };
  const release = () => clearTimeout(press.current);
  const handlers = {
    onClick: (event: MouseEvent) => {
      if ((event.target as Element).closest("button")) openFor(event.target);
    },
    onKeyDown: selectByArrows,
    onPointerDown: ({ pointerType, target }: PointerEvent) => {
      release();
      if (pointerType !== "touch") return;
      press.current = setTimeout(() => openFor(target), LONG_PRESS_MS);
    },
    onPointerUp: release,
    onPointerCancel: release,
    // The browser's own menu of a long press.
    onContextMenu: (event: MouseEvent) => {
      if (matchMedia("(pointer: coarse)").matches) event.preventDefault();
    },
  };
  return { open, close, handlers };
}

/** Up and Down lead through the lines, from the newest on. */
function selectByArrows(event: KeyboardEvent<HTMLElement>): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>("li > button")];
  if (buttons.length === 0) return;
  event.preventDefault();
  const now = buttons.indexOf(document.activeElement as HTMLElement);
  const next = now === -1 ? buttons.length - 1 : Math.max(0, now + step);
  (buttons[next] ?? event.currentTarget).focus();
}
