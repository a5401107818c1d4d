import { Eye, EyeOff } from "lucide-react";
import { Fragment, type InputHTMLAttributes, type ReactNode, useId, useState } from "react";
import { IconButton } from "../button";
import field from "../field.module.css";
import { useAdmin } from "./context";
import styles from "./fields.module.css";

interface TextFieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string;
  hint?: ReactNode;
  error?: string | null | undefined;
  /** Dots, with an eye beside them. */
  secret?: boolean;
}

/** A field with what it means below it, or what is wrong with it. */
export function TextField({ label, hint, error, secret = false, ...rest }: TextFieldProps) {
  const { t } = useAdmin();
  const id = useId();
  const [isShown, setShown] = useState(false);
  const below = error || hint;
  return (
    <div className={field.field}>
      <label className={field.label} htmlFor={id}>
        {label}
      </label>
      <div className={styles.row}>
        <input
          id={id}
          className={field.control}
          aria-invalid={Boolean(error)}
          aria-describedby={below ? `${id}-below` : undefined}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          type={secret && !isShown ? "password" : "text"}
          {...rest}
        />
        {secret && (
          <IconButton
            label={t(isShown ? "admin.hide" : "admin.show")}
            aria-pressed={isShown}
            onClick={() => setShown((shown) => !shown)}
          >
            {isShown ? <EyeOff size={20} /> : <Eye size={20} />}
          </IconButton>
        )}
      </div>
      {below && (
        <p
          id={`${id}-below`}
          className={error ? field.error : styles.hint}
          role={error ? "alert" : undefined}
        >
          {below}
        </p>
      )}
    </div>
  );
}

interface CheckProps {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  testId?: string;
}

export function Check({ label, checked, onChange, testId }: CheckProps) {
  return (
    <label className={styles.check}>
      <input
        type="checkbox"
        checked={checked}
        data-testid={testId}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}

interface PickProps<Name extends string> {
  label: string;
  names: readonly Name[];
  chosen: Name;
  onChoose: (name: Name) => void;
  words: (name: Name) => { label: string; text?: string };
  testId: string;
  /** What the chosen one needs, below it. */
  below?: ReactNode;
}

/** One of a few, each with what it means. */
export function Pick<Name extends string>({
  label,
  names,
  chosen,
  onChoose,
  words,
  testId,
  below,
}: PickProps<Name>) {
  const id = useId();
  return (
    <fieldset className={styles.pick}>
      <legend className={field.label}>{label}</legend>
      {names.map((name) => {
        const { label, text } = words(name);
        return (
          <Fragment key={name}>
            <label className={styles.option} data-chosen={name === chosen}>
              <input
                type="radio"
                name={id}
                checked={name === chosen}
                data-testid={`${testId}-${name}`}
                onChange={() => onChoose(name)}
              />
              <span>
                <span className={styles.optionName}>{label}</span>
                {text && <small>{text}</small>}
              </span>
            </label>
            {name === chosen && below && <div className={styles.below}>{below}</div>}
          </Fragment>
        );
      })}
    </fieldset>
  );
}

/** A field's text as a whole number above 0; null when it is empty, NaN when it is none. */
export function wholeOf(text: string): number | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const n = /^\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  return n > 0 ? n : Number.NaN;
}
