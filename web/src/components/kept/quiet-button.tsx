import type { ButtonHTMLAttributes, ReactNode } from "react";
import styles from "./quiet-button.module.css";

interface QuietButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  icon: ReactNode;
}

/** A way to what is not wanted often: in a menu, or below all else. It opens a dialog. */
export function QuietButton({ icon, children, ...rest }: QuietButtonProps) {
  return (
    <button type="button" className={styles.button} aria-haspopup="dialog" {...rest}>
      {icon}
      {children}
    </button>
  );
}
