import type { ReactNode } from "react";
import styles from "./live-badge.module.css";

export function LiveBadge({
  tone,
  children,
}: {
  tone: "live" | "warn" | "off";
  children: ReactNode;
}) {
  return (
    <span className={styles.badge} data-tone={tone}>
      {children}
    </span>
  );
}
