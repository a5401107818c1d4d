import { Pencil } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { TITLE_MAX } from "../../live/room-title";
import styles from "./title-edit.module.css";

/** The title of the broadcast: a click edits it, Enter keeps it, Esc does not. */
export function TitleEdit({ title, onSave }: { title: string; onSave: (title: string) => void }) {
  const { t } = useLanguage();
  const [draft, setDraft] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const isEditing = draft !== null;
  useEffect(() => {
    if (isEditing) field.current?.select();
  }, [isEditing]);
  const close = (save: boolean) => {
    if (save && draft !== null && draft.trim() !== title) onSave(draft.trim());
    setDraft(null);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    close(true);
    // The field is gone; the focus must not go with it.
    requestAnimationFrame(() => button.current?.focus());
  };
  if (draft === null) {
    return (
      <button
        ref={button}
        type="button"
        className={styles.title}
        data-empty={title === ""}
        data-testid="title"
        aria-label={t("bar.titleEdit", { title: title || t("bar.titleNone") })}
        onClick={() => setDraft(title)}
      >
        <span>{title || t("bar.titleNone")}</span>
        <Pencil size={14} aria-hidden="true" />
      </button>
    );
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <input
        ref={field}
        className={styles.field}
        aria-label={t("bar.title")}
        data-testid="title-input"
        value={draft}
        maxLength={TITLE_MAX}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => close(true)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          close(false);
          requestAnimationFrame(() => button.current?.focus());
        }}
      />
    </form>
  );
}
