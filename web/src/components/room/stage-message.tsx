import type { ReactNode } from "react";
import { Spinner } from "../button";
import { Poster } from "../poster";
import styles from "./fan-overlay.module.css";

interface CardProps {
  icon: ReactNode;
  title: string;
  text?: string;
  pulse?: boolean;
  children?: ReactNode;
}

/** Fills the stage in the place of a picture. */
export function StageCard({ icon, title, text, pulse = false, children }: CardProps) {
  return (
    <div className={styles.overlay}>
      <Poster />
      <div className={styles.card}>
        <span className={styles.rings} data-pulse={pulse} aria-hidden="true">
          {icon}
        </span>
        <h2>{title}</h2>
        {text && <p>{text}</p>}
        {children}
      </div>
    </div>
  );
}

/** A line at the top of the picture. */
export function StageChip({
  text,
  busy = false,
  icon,
}: {
  text: string;
  busy?: boolean;
  icon?: ReactNode;
}) {
  return (
    <div className={styles.chip}>
      {busy ? <Spinner /> : icon}
      {text}
    </div>
  );
}
