import { X } from "lucide-react";
import { type ReactNode, useId } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useModal } from "../../hooks/use-modal";
import { IconButton } from "../button";
import styles from "./sheet.module.css";

interface SheetProps {
  title: string;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog that comes from the edge of a phone's screen, over the picture. */
export function Sheet({ title, onClose, children }: SheetProps) {
  const { t } = useLanguage();
  const dialog = useModal();
  const id = useId();
  return (
    <dialog
      ref={dialog}
      className={styles.sheet}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        <IconButton label={t("common.close")} data-testid="sheet-close" onClick={onClose}>
          <X size={20} />
        </IconButton>
      </div>
      <div className={styles.body}>{children}</div>
    </dialog>
  );
}
