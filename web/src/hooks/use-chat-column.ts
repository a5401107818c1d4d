import { type RefObject, useEffect, useState } from "react";
import { recall, remember } from "../live/storage";
import type { RoomLayout } from "./use-layout";
import type { Stage } from "./use-stage";

const KEY = "chat-column";

/** Whether the chat is beside the picture, and the way to its input. */
export function useChatColumn(
  layout: RoomLayout,
  { full, stage }: Stage,
  field: RefObject<HTMLInputElement | null>,
) {
  const [wide, setWide] = useState(() => recall(KEY) !== false);
  // A phone held sideways has room for the picture alone, until the person wants both.
  const [low, setLow] = useState(false);
  const [wanted, setWanted] = useState(false);
  const open = layout === "tall" || (layout === "wide" ? wide : low);
  const show = (shown: boolean) => {
    if (layout === "low") setLow(shown);
    if (layout !== "wide") return;
    setWide(shown);
    remember(KEY, shown);
  };
  useEffect(() => {
    if (!wanted) return;
    setWanted(false);
    field.current?.focus();
  }, [wanted, field]);
  return {
    open,
    close: () => {
      show(false);
      // The button is gone; the keyboard goes on from the player.
      stage.current?.focus();
    },
    focus: () => {
      if (full.isFull || full.isWeb) {
        stage.current?.querySelector<HTMLElement>("form input")?.focus();
        return;
      }
      show(true);
      setWanted(true);
    },
  };
}
