import { useId } from "react";
import { useLanguage } from "../hooks/use-language";
import { Button } from "./button";
import { Dialog } from "./dialog";
import styles from "./key-dialog.module.css";
import { KeyForm } from "./studio/key-field";

interface KeyDialogProps {
  wrong: boolean;
  onSaved: () => void;
  onClose: () => void;
}

/** Asks for the server's publishing key on the way to going live. */
export function KeyDialog({ wrong, onSaved, onClose }: KeyDialogProps) {
  const { t } = useLanguage();
  const formId = useId();
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
      <div className={styles.form}>
        <p>{t("host.key.text")}</p>
        <KeyForm
          formId={formId}
          wrong={wrong}
          submit={t("host.key.save")}
          label={t("host.key.label")}
          onSaved={onSaved}
        />
      </div>
    </Dialog>
  );
}
