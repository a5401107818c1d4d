import { type RefObject, useEffect, useRef } from "react";

export interface PlayerActions {
  togglePlay: () => void;
  toggleMuted: () => void;
  changeVolume: (by: number) => void;
  toggleFull: () => void;
  toggleTheatre: () => void;
  togglePip: () => void;
  toggleDanmaku: () => void;
  toggleStats: () => void;
  focusChat: () => void;
  toggleHelp: () => void;
  /** Null where the person cannot go back in the broadcast. */
  jump: ((byMs: number) => void) | null;
  goLive: () => void;
}

/** So far goes an arrow key, or the button that says so. */
export const JUMP_MS = 10_000;

/** The keyboard of the player, off while the person types or moves a slider. */
export function usePlayerKeys(actions: PlayerActions, stage: RefObject<HTMLElement | null>): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isBusy(event)) return;
      const act = actionFor(event, latest.current, stage.current);
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [stage]);
}

function isBusy(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input, textarea, select, dialog, [popover], [contenteditable]")) return true;
  // Space presses the button that has the focus.
  return event.key === " " && target?.closest("button, a") != null;
}

function actionFor(
  { key, target }: KeyboardEvent,
  actions: PlayerActions,
  stage: HTMLElement | null,
): (() => void) | undefined {
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case " ":
    case "k":
      return actions.togglePlay;
    case "m":
      return actions.toggleMuted;
    case "f":
      return actions.toggleFull;
    case "t":
      return actions.toggleTheatre;
    case "p":
      return actions.togglePip;
    case "d":
      return actions.toggleDanmaku;
    case "s":
      return actions.toggleStats;
    case "c":
      return actions.focusChat;
    case "?":
      return actions.toggleHelp;
    case "l":
      return actions.jump ? actions.goLive : undefined;
    case "ArrowLeft":
      return actions.jump?.bind(null, -JUMP_MS);
    case "ArrowRight":
      return actions.jump?.bind(null, JUMP_MS);
  }
  // Elsewhere these scroll the page.
  if (!(target instanceof Node) || !stage?.contains(target)) return;
  if (key === "End") return actions.jump ? actions.goLive : undefined;
  const step = { ArrowUp: 0.05, ArrowDown: -0.05 }[key];
  return step === undefined ? undefined : () => actions.changeVolume(step);
}
