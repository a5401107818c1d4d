import { type ReactNode, useEffect, useId, useRef, useState } from "react";
import { IconButton } from "./button";
import styles from "./popup.module.css";

interface PopupProps {
  label: string;
  icon: ReactNode;
  look?: "plain" | "over";
  testId?: string;
  /** There only while the panel is open; may still have to be loaded then. */
  children: ReactNode;
  /** Which of its buttons close it. */
  closesOn?: string;
}

/** A button with a small panel above it. Esc and a click beside it close the panel. */
export function Popup({ label, icon, look = "plain", testId, children, closesOn }: PopupProps) {
  const id = useId();
  const button = useRef<HTMLSpanElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState(false);
  useEffect(() => {
    const element = panel.current;
    const toggled = (event: Event) => {
      const isOpen = (event as ToggleEvent).newState === "open";
      setOpen(isOpen);
    };
    const clicked = ({ target }: Event) => {
      if (closesOn && (target as Element).closest(closesOn)) element?.hidePopover?.();
    };
    element?.addEventListener("toggle", toggled);
    element?.addEventListener("click", clicked);
    return () => {
      element?.removeEventListener("toggle", toggled);
      element?.removeEventListener("click", clicked);
    };
  }, [closesOn]);
  useEffect(() => {
    const [element, anchor] = [panel.current, button.current];
    if (!open || !element || !anchor) return;
    const arrange = () => {
      place(element, anchor);
      if (!element.contains(document.activeElement)) {
        element.querySelector<HTMLElement>("input:checked, input, select, button")?.focus();
      }
    };
    arrange();
    // What had to be loaded makes it larger.
    const watch = new ResizeObserver(arrange);
    watch.observe(element);
    return () => watch.disconnect();
  }, [open]);
  return (
    <span ref={button} className={styles.anchor}>
      <IconButton
        label={label}
        look={look}
        aria-expanded={open}
        popoverTarget={id}
        data-testid={testId}
      >
        {icon}
      </IconButton>
      <div
        ref={panel}
        id={id}
        className={styles.panel}
        popover="auto"
        role="dialog"
        aria-label={label}
        data-testid={testId && `${testId}-panel`}
      >
        {open && children}
      </div>
    </span>
  );
}

const GAP = 8;

function place(panel: HTMLElement, anchor: HTMLElement): void {
  const at = anchor.getBoundingClientRect();
  const { width, height } = panel.getBoundingClientRect();
  const isAbove = at.top - height - GAP >= 0;
  panel.style.top = `${isAbove ? at.top - height - GAP : Math.min(at.bottom + GAP, innerHeight - height - GAP)}px`;
  const left = at.left + at.width / 2 - width / 2;
  panel.style.left = `${Math.min(Math.max(GAP, left), innerWidth - width - GAP)}px`;
}
