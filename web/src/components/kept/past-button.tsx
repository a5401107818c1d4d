import { History } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import styles from "./past-button.module.css";

/** A quiet way from a room that is live to what was before. */
export function PastButton({ onOpen }: { onOpen: () => void }) {
  const { t } = useLanguage();
  return (
    <button
      type="button"
      className={styles.button}
      aria-haspopup="dialog"
      data-testid="open-past"
      onClick={onOpen}
    >
      <History size={18} aria-hidden="true" />
      {t("watch.past")}
    </button>
  );
}
