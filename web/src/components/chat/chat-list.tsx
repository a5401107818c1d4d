import { ArrowDown } from "lucide-react";
import {
  type KeyboardEvent,
  type MouseEvent,
  type PointerEvent,
  useCallback,
  useRef,
  useState,
} from "react";
import { useFollowing } from "../../hooks/use-following";
import { useLanguage } from "../../hooks/use-language";
import { useSettled } from "../../hooks/use-settled";
import type { Chat, ChatSnapshot } from "../../live/chat";
import type { ChatLine } from "../../live/chat-lines";
import type { ChatItem } from "../../live/protocol";
import { Spinner } from "../button";
import { laterWithWords } from "../later";
import { ChatLineView } from "./chat-line";
import styles from "./chat-list.module.css";
import type { ActionsFor } from "./line-actions";

const LineMenu = laterWithWords(async () => (await import("./line-menu")).LineMenu);

interface ChatListProps {
  chat: Chat;
  snapshot: ChatSnapshot;
  /** Instead of the usual actions of a line. */
  actions?: ActionsFor | undefined;
}

/** Who reads the newest sees so many lines; who scrolls up sees all that are kept. */
const SHOWN_MAX = 200;
const LONG_PRESS_MS = 500;

/** What was said, the newest at the bottom. */
export function ChatList({ chat, snapshot, actions }: ChatListProps) {
  const { t } = useLanguage();
  const { lines, waiting, me } = snapshot;
  const { list, following, unread, scrolled, toEnd } = useFollowing(lines, waiting.length);
  const shown = following ? lines.slice(-SHOWN_MAX) : lines;
  // What was said before the page came is not read out.
  const isSettled = useSettled(me !== null);
  const menu = useLineMenu(lines);
  return (
    <div className={styles.frame}>
      <div
        ref={list}
        className={styles.list}
        role="log"
        aria-live={isSettled ? "polite" : "off"}
        aria-label={t("chat.log")}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and arrow keys select its lines
        tabIndex={0}
        data-testid="chat-log"
        data-following={following}
        onScroll={scrolled}
        {...menu.handlers}
      >
        {lines.length === 0 && waiting.length === 0 && (
          <p className={styles.empty}>{t("chat.empty")}</p>
        )}
        <ul className={styles.lines}>
          {shown.map((line) => (
            <ChatLineView
              key={line.key}
              line={line}
              own={line.kind === "text" && line.item.uid === me?.uid}
            />
          ))}
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
      {menu.open && (
        <LineMenu
          key={menu.open.item.mid}
          {...{ chat, snapshot, actions }}
          {...menu.open}
          onClose={menu.close}
        />
      )}
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
