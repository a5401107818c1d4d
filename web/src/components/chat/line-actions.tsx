import { Ban, Copy, Eraser, Flag, MicOff, Pin, PinOff, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import type { Translate } from "../../i18n/language";
import { type Chat, type ChatSnapshot, keepsOrder } from "../../live/chat";
import type { ChatItem } from "../../live/protocol";

/** What can be done to a line or to who wrote it. */
export interface LineAction {
  id: string;
  label: string;
  icon: ReactNode;
  /** What cannot be taken back: it asks once more, and looks like it. */
  danger?: boolean;
  disabled?: boolean;
  run: () => void;
}

/** Actions of a line, in the order of the menu; none: it has no menu. */
export type ActionsFor = (item: ChatItem) => LineAction[];

const MUTE_S = 600;

interface Deps {
  chat: Chat;
  snapshot: ChatSnapshot;
  t: Translate;
  copy: (text: string) => void;
}

/** Everybody copies and reports; who keeps order pins, deletes, mutes and bans too. */
export function usualActions(deps: Deps): ActionsFor {
  return (item) => {
    const isOwn = item.uid === deps.snapshot.me?.uid;
    const order = keepsOrder(deps.snapshot.me) ? orderActions(deps, item) : [];
    return [...everybodysActions(deps, item, isOwn), ...order];
  };
}

export function copyAction({ t, copy }: Pick<Deps, "t" | "copy">, item: ChatItem): LineAction {
  return {
    id: "copy",
    label: t("chat.menu.copy"),
    icon: <Copy size={18} />,
    run: () => copy(item.text),
  };
}

function everybodysActions({ chat, snapshot, t, copy }: Deps, item: ChatItem, isOwn: boolean) {
  const actions = [copyAction({ t, copy }, item)];
  const isFlagged = snapshot.flagged.has(item.mid);
  if (!isOwn && !keepsOrder(snapshot.me)) {
    actions.push({
      id: "flag",
      label: t(isFlagged ? "chat.menu.flagged" : "chat.menu.flag"),
      icon: <Flag size={18} />,
      disabled: isFlagged,
      run: () => chat.flag(item.mid),
    });
  }
  return actions;
}

function orderActions({ chat, snapshot, t }: Deps, item: ChatItem): LineAction[] {
  const { mid, uid } = item;
  const isPinned = snapshot.pinned?.mid === mid;
  const actions: LineAction[] = [
    {
      id: "pin",
      label: t(isPinned ? "chat.menu.unpin" : "chat.menu.pin"),
      icon: isPinned ? <PinOff size={18} /> : <Pin size={18} />,
      run: () => chat.moderate({ action: "pin", mid: isPinned ? null : mid }),
    },
    {
      id: "delete",
      label: t("chat.menu.delete"),
      icon: <Trash2 size={18} />,
      run: () => chat.moderate({ action: "delete", mid }),
    },
  ];
  // Nobody judges the host, nor himself.
  if (item.standing === "host" || uid === snapshot.me?.uid) return actions;
  return [
    ...actions,
    {
      id: "mute",
      label: t("chat.menu.mute"),
      icon: <MicOff size={18} />,
      run: () => chat.moderate({ action: "mute", uid, seconds: MUTE_S }),
    },
    {
      id: "clear",
      label: t("chat.menu.clear"),
      icon: <Eraser size={18} />,
      danger: true,
      run: () => chat.moderate({ action: "clear", uid }),
    },
    {
      id: "ban",
      label: t("chat.menu.ban"),
      icon: <Ban size={18} />,
      danger: true,
      run: () => chat.moderate({ action: "ban", uid, address: false }),
    },
  ];
}
