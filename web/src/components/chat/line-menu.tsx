import { type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";
import { useCopy } from "../../hooks/use-copy";
import { useLanguage } from "../../hooks/use-language";
import type { Chat, ChatSnapshot } from "../../live/chat";
import type { ChatItem } from "../../live/protocol";
import { type ActionsFor, copyAction, type LineAction, usualActions } from "./line-actions";
import styles from "./line-menu.module.css";

interface LineMenuProps extends MenuOfLineProps {
  chat: Chat;
  snapshot: ChatSnapshot;
  /** Instead of the usual actions. */
  actions: ActionsFor | undefined;
}

/** The menu of one line of a room. */
export function LineMenu({ chat, snapshot, actions, ...rest }: LineMenuProps) {
  const { t } = useLanguage();
  const { copy } = useCopy();
  const offered = (actions ?? usualActions({ chat, snapshot, t, copy }))(rest.item);
  return <Menu {...rest} offered={offered} />;
}

/** The menu of one line of a past broadcast: there is nobody to report it to. */
export function PastLineMenu(props: MenuOfLineProps) {
  const { t } = useLanguage();
  const { copy } = useCopy();
  return <Menu {...props} offered={[copyAction({ t, copy }, props.item)]} />;
}

interface MenuOfLineProps {
  item: ChatItem;
  /** Beside which element it opens; the focus goes back to it. */
  anchor: HTMLElement;
  onClose: () => void;
}

interface MenuProps extends MenuOfLineProps {
  offered: readonly LineAction[];
}

/** Over everything else. Esc and a click beside it close it. */
function Menu({ item, offered, anchor, onClose }: MenuProps) {
  const { t } = useLanguage();
  const menu = useRef<HTMLDivElement>(null);
  const [asking, setAsking] = useState<string | null>(null);
  useLayoutEffect(() => {
    const element = menu.current;
    if (!element) return;
    element.showPopover?.();
    place(element, anchor);
    element.querySelector<HTMLElement>("[role=menuitem]:not(:disabled)")?.focus();
    // Only when the focus was in the menu: a click elsewhere took it where the person wanted.
    return () => {
      if (element.contains(document.activeElement)) anchor.focus();
    };
  }, [anchor]);
  useEffect(() => {
    const element = menu.current;
    const toggled = (event: Event) => {
      if ((event as ToggleEvent).newState === "closed") onClose();
    };
    element?.addEventListener("toggle", toggled);
    return () => element?.removeEventListener("toggle", toggled);
  }, [onClose]);

  const choose = (action: LineAction) => {
    if (action.danger && asking !== action.id) {
      setAsking(action.id);
      return;
    }
    action.run();
    onClose();
  };
  return (
    <div
      ref={menu}
      className={styles.menu}
      popover="auto"
      role="menu"
      tabIndex={-1}
      aria-label={t("chat.menu", { name: item.name })}
      data-testid="line-menu"
      onKeyDown={(event) => move(event, onClose)}
    >
      <p className={styles.who} aria-hidden="true">
        {item.name}
      </p>
      {offered.map((action) => (
        <button
          key={action.id}
          type="button"
          role="menuitem"
          className={styles.action}
          data-danger={action.danger}
          data-action={action.id}
          disabled={action.disabled}
          onClick={() => choose(action)}
        >
          {action.icon}
          {asking === action.id ? t("chat.menu.sure", { action: action.label }) : action.label}
        </button>
      ))}
    </div>
  );
}

function move(event: KeyboardEvent<HTMLDivElement>, close: () => void): void {
  // The keys of the page behind are not meant.
  event.stopPropagation();
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    close();
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const items = [
    ...event.currentTarget.querySelectorAll<HTMLElement>("[role=menuitem]:not(:disabled)"),
  ];
  const now = items.indexOf(document.activeElement as HTMLElement);
  items.at((now + step) % items.length)?.focus();
}

const GAP = 6;

/** Below the anchor, or above it where there is no room; inside the window in any case. */
function place(menu: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const isBelow = at.bottom + height + GAP <= innerHeight;
  const top = isBelow ? at.bottom + GAP : Math.max(GAP, at.top - height - GAP);
  const left = Math.min(Math.max(GAP, at.right - width), innerWidth - width - GAP);
  menu.style.top = `${top}px`;
  menu.style.left = `${left}px`;
}
