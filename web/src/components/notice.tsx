import { TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./notice.module.css";

/** One sentence the person should read now. */
export function Notice({
  tone = "warn",
  testId,
  children,
}: {
  tone?: "warn" | "bad";
  testId?: string;
  children: ReactNode;
}) {
  return (
    <div className={styles.notice} data-tone={tone} role="status" data-testid={testId}>
      <TriangleAlert size={18} aria-hidden="true" />
      <div className={styles.body}>{children}</div>
    </div>
  );
}
