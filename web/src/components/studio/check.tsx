import type { ReactNode } from "react";
import styles from "./setup-panel.module.css";

interface CheckProps {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  testId?: string;
  onChange: (checked: boolean) => void;
}

/** Something that is on or off, with a line beneath that says what it does. */
export function Check({ label, hint, checked, testId, onChange }: CheckProps) {
  return (
    <label className={styles.check}>
      <input
        type="checkbox"
        checked={checked}
        data-testid={testId}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
      {hint && <small>{hint}</small>}
    </label>
  );
}
