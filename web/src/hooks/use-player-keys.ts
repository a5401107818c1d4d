import { useEffect, useRef } from "react";

export interface PlayerActions {
  togglePlay: () => void;
  toggleMuted: () => void;
  changeVolume: (by: number) => void;
  toggleFull: () => void;
  togglePip: () => void;
  toggleStats: () => void;
  toggleHelp: () => void;
}

/** The keyboard of the player, off while the person types or moves a slider. */
export function usePlayerKeys(actions: PlayerActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isBusy(event)) return;
      const act = actionFor(event.key, latest.current);
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, []);
}

function isBusy(event: KeyboardEvent): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input, textarea, select, dialog, [contenteditable]")) return true;
  // Space presses the button that has the focus.
  return event.key === " " && target?.closest("button, a") != null;
}

function actionFor(key: string, actions: PlayerActions): (() => void) | undefined {
  switch (key.length === 1 ? key.toLowerCase() : key) {
    case " ":
    case "k":
      return actions.togglePlay;
    case "m":
      return actions.toggleMuted;
    case "f":
      return actions.toggleFull;
    case "p":
      return actions.togglePip;
    case "s":
      return actions.toggleStats;
    case "?":
      return actions.toggleHelp;
    case "ArrowUp":
      return () => actions.changeVolume(0.05);
    case "ArrowDown":
      return () => actions.changeVolume(-0.05);
  }
}
