import { useEffect } from "react";

/**
 * Tells the styles how much of the window a phone's keyboard covers, as `--keyboard`. Browsers that make the window
 * smaller instead need nothing.
 */
export function useKeyboardInset(): void {
  useEffect(() => {
    const view = window.visualViewport;
    const { style } = document.documentElement;
    if (!view) return;
    const measure = () => {
      // A page that is zoomed in is smaller too, and has no keyboard.
      const covered = view.scale > 1 ? 0 : innerHeight - view.height - view.offsetTop;
      style.setProperty("--keyboard", `${Math.max(0, Math.round(covered))}px`);
    };
    view.addEventListener("resize", measure);
    view.addEventListener("scroll", measure);
    return () => {
      view.removeEventListener("resize", measure);
      view.removeEventListener("scroll", measure);
      style.removeProperty("--keyboard");
    };
  }, []);
}
