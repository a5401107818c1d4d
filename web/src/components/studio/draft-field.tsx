import { useId, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { Button } from "../button";
import styles from "../field.module.css";

interface DraftFieldProps {
  label: string;
  hint: string;
  value: string;
  /** The most characters. */
  max?: number;
  testId: string;
  onSave: (text: string) => void;
}

/** A text that counts once it is saved; until then what others change does not disturb who writes. */
export function DraftField({ label, hint, value, max, testId, onSave }: DraftFieldProps) {
  const { t } = useLanguage();
  const id = useId();
  const [draft, setDraft] = useState<string | null>(null);
  const save = () => {
    onSave(draft ?? value);
    setDraft(null);
  };
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {label}
      </label>
      <textarea
        id={id}
        className={styles.control}
        rows={3}
        value={draft ?? value}
        maxLength={max}
        placeholder={hint}
        data-testid={testId}
        onChange={(event) => setDraft(event.target.value)}
      />
      {draft !== null && (
        <Button data-testid={`${testId}-save`} onClick={save}>
          {t("rules.save")}
        </Button>
      )}
    </div>
  );
}
