import { X } from "lucide-react";
import { type ReactNode, useId } from "react";
import { useLanguage } from "../hooks/use-language";
import { useModal } from "../hooks/use-modal";
import { IconButton } from "./button";
import styles from "./dialog.module.css";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
  actions?: ReactNode;
}

/** A question or a list over the page. */
export function Dialog({ title, onClose, children, actions }: DialogProps) {
  const { t } = useLanguage();
  const dialog = useModal();
  const titleId = useId();
  return (
    <dialog
      ref={dialog}
      className={styles.dialog}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className={styles.head}>
        <h2 id={titleId}>{title}</h2>
        <IconButton label={t("common.close")} onClick={onClose}>
          <X size={20} />
        </IconButton>
      </div>
      {children}
      {actions && <div className={styles.actions}>{actions}</div>}
    </dialog>
  );
}
