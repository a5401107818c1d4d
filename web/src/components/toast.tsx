import { type ReactNode, useEffect } from "react";
import styles from "./toast.module.css";

const SHOWN_MS = 5_000;

interface ToastProps {
  /** It has been seen; the same function each time. */
  onGone: () => void;
  testId: string;
  children: ReactNode;
}

/** Something that is good to know and needs nothing done: it goes by itself. */
export function Toast({ onGone, testId, children }: ToastProps) {
  useEffect(() => {
    const timer = setTimeout(onGone, SHOWN_MS);
    return () => clearTimeout(timer);
  }, [onGone]);
  return (
    <p className={styles.toast} data-testid={testId}>
      {children}
    </p>
  );
}
