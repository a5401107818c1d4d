import { type RefObject, useEffect, useRef } from "react";

/**
 * The browser's own modal dialog, open for as long as it is rendered. Its first input has the focus; afterwards the focus
 * is where it was before.
 */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    if (element && !element.open) element.showModal?.();
    // By itself the dialog would put the focus on its close button.
    element?.querySelector("input")?.focus();
    return () => {
      element?.close?.();
      // Closed by its removal, a dialog would not give the focus back.
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return dialog;
}
