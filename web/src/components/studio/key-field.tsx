import { Eye, EyeOff } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { forgetHostKey, isKeyKept, saveHostKey, typedKey } from "../../live/host-key";
import { Button, IconButton } from "../button";
import field from "../field.module.css";
import styles from "./key-field.module.css";

interface KeyFieldProps {
  /** The server refused the key that was given. */
  wrong: boolean;
  onChanged: () => void;
}

/** The publishing key: entered once, as dots with an eye, edited and forgotten. */
export function KeyField({ wrong, onChanged }: KeyFieldProps) {
  const { t } = useLanguage();
  const known = typedKey();
  const [isEditing, setEditing] = useState(false);
  if (known !== null && !wrong && !isEditing) {
    return (
      <div className={styles.known} data-testid="key-known">
        <div>
          <p>{t("key.have")}</p>
          <p className={styles.hint}>{t(isKeyKept() ? "key.kept" : "key.session")}</p>
        </div>
        <Button onClick={() => setEditing(true)}>{t("key.edit")}</Button>
        <Button
          kind="outline"
          data-testid="key-forget"
          onClick={() => {
            forgetHostKey();
            onChanged();
          }}
        >
          {t("key.forget")}
        </Button>
      </div>
    );
  }
  return (
    <KeyForm
      wrong={wrong}
      submit={t("key.use")}
      label={t("host.key.label")}
      onSaved={() => {
        setEditing(false);
        onChanged();
      }}
    />
  );
}

interface KeyFormProps {
  wrong: boolean;
  submit: string;
  label: string;
  formId?: string;
  onSaved: () => void;
}

/** Where the key is typed; with `formId` the button is elsewhere. */
export function KeyForm({ wrong, submit, label, formId, onSaved }: KeyFormProps) {
  const { t } = useLanguage();
  const id = useId();
  const [key, setKey] = useState(() => (wrong ? "" : (typedKey() ?? "")));
  const [isShown, setShown] = useState(false);
  const [keep, setKeep] = useState(isKeyKept);
  const isWrong = wrong && key === "";
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() === "") return;
    saveHostKey(key, keep);
    // A key that is wrong, too, is typed anew.
    setKey("");
    onSaved();
  };
  return (
    <form id={formId} className={styles.form} onSubmit={save}>
      <label className={field.label} htmlFor={id}>
        {label}
      </label>
      <div className={styles.row}>
        <input
          id={id}
          className={field.control}
          type={isShown ? "text" : "password"}
          value={key}
          aria-invalid={isWrong}
          aria-describedby={`${id}-error`}
          autoComplete="current-password"
          autoCapitalize="none"
          spellCheck={false}
          data-testid="publish-key"
          onChange={(event) => setKey(event.target.value)}
        />
        <IconButton
          label={t(isShown ? "key.hide" : "key.show")}
          aria-pressed={isShown}
          onClick={() => setShown((shown) => !shown)}
        >
          {isShown ? <EyeOff size={20} /> : <Eye size={20} />}
        </IconButton>
        {!formId && (
          <Button kind="primary" type="submit">
            {submit}
          </Button>
        )}
      </div>
      <p id={`${id}-error`} className={field.error} role="alert">
        {isWrong ? t("host.key.bad") : ""}
      </p>
      <label className={styles.keep}>
        <input
          type="checkbox"
          checked={keep}
          data-testid="key-keep"
          onChange={(event) => setKeep(event.target.checked)}
        />
        <span>
          {t("key.keep")}
          <small className={styles.hint}>{t("key.keepHint")}</small>
        </span>
      </label>
    </form>
  );
}
