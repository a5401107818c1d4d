import type { ButtonHTMLAttributes, ReactNode } from "react";
import styles from "./button.module.css";

type Kind = "primary" | "quiet" | "outline" | "danger";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: Kind;
  large?: boolean;
  busy?: boolean;
  icon?: ReactNode;
}

/** The look of a button, also for links that look like one. */
export function buttonClass(kind: Kind = "quiet", large = false): string {
  return [styles.button, styles[kind], large && styles.large].filter(Boolean).join(" ");
}

export function Button({
  kind = "quiet",
  large = false,
  busy = false,
  icon,
  children,
  className = "",
  disabled = false,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      className={`${buttonClass(kind, large)} ${className}`}
      disabled={disabled || busy}
      aria-busy={busy}
      {...rest}
    >
      {busy ? <Spinner /> : icon}
      {children}
    </button>
  );
}

interface IconButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  label: string;
  look?: "plain" | "round" | "over";
  /** Shows that what it switches is off. */
  off?: boolean;
}

export function IconButton({ label, look = "plain", off = false, ...rest }: IconButtonProps) {
  const classes = [
    styles.icon,
    look === "round" && styles.round,
    look === "over" && styles.over,
    off && styles.off,
  ];
  return (
    <button
      type="button"
      className={classes.filter(Boolean).join(" ")}
      aria-label={label}
      title={label}
      {...rest}
    />
  );
}

export function Spinner() {
  return <span className={styles.spinner} aria-hidden="true" />;
}
