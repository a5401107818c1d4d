import { ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./split-control.module.css";

interface SplitControlProps {
  label: string;
  /** What a press does, in words. */
  action: string;
  icon: ReactNode;
  /** Shows that what it switches is off. */
  off?: boolean;
  /** Shows that what it switches is on in a way that is worth a look. */
  active?: boolean;
  disabled?: boolean;
  testId?: string;
  onPress: () => void;
  /** The list behind the arrow. */
  choice?: {
    label: string;
    value: string;
    options: readonly { value: string; label: string }[];
    onChoose: (value: string) => void;
  };
}

/** A labelled switch, and beside it an arrow with what there is to choose from. */
export function SplitControl({
  label,
  action,
  icon,
  off = false,
  active = false,
  disabled = false,
  testId,
  onPress,
  choice,
}: SplitControlProps) {
  return (
    <div className={styles.control} data-off={off} data-active={active}>
      <button
        type="button"
        className={styles.press}
        aria-label={action}
        title={action}
        disabled={disabled}
        data-testid={testId}
        onClick={onPress}
      >
        {icon}
        <span aria-hidden="true">{label}</span>
      </button>
      {choice && (
        <span className={styles.choice}>
          <ChevronDown size={16} aria-hidden="true" />
          <select
            aria-label={choice.label}
            title={choice.label}
            value={choice.value}
            onChange={(event) => choice.onChoose(event.target.value)}
          >
            {choice.options.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </select>
        </span>
      )}
    </div>
  );
}
