import { type FormEvent, useId, useState } from "react";
import { useLanguage } from "../hooks/use-language";
import { saveHostKey } from "../live/host-key";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { InputField } from "./field";
import styles from "./key-dialog.module.css";

interface KeyDialogProps {
  wrong: boolean;
  onSaved: () => void;
  onClose: () => void;
}

/** Asks for the server's publishing key, once for this browser. */
export function KeyDialog({ wrong, onSaved, onClose }: KeyDialogProps) {
  const { t } = useLanguage();
  const [key, setKey] = useState("");
  const formId = useId();
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim() === "") return;
    saveHostKey(key);
    onSaved();
  };
  const actions = (
    <>
      <Button onClick={onClose}>{t("common.cancel")}</Button>
      <Button kind="primary" type="submit" form={formId}>
        {t("host.key.save")}
      </Button>
    </>
  );
  return (
    <Dialog title={t("host.key.title")} onClose={onClose} actions={actions}>
      <form id={formId} className={styles.form} onSubmit={save}>
        <p>{t("host.key.text")}</p>
        <InputField
          label={t("host.key.label")}
          type="password"
          value={key}
          error={wrong && key === "" ? t("host.key.bad") : null}
          autoComplete="current-password"
          data-testid="publish-key"
          onChange={(event) => setKey(event.target.value)}
        />
      </form>
    </Dialog>
  );
}
