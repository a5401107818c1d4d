import { useLanguage } from "../../hooks/use-language";
import styles from "./rec-mark.module.css";

/** Says that the broadcast is recorded. */
export function RecMark() {
  const { t } = useLanguage();
  return (
    <span className={styles.mark} title={t("watch.recordedText")} data-testid="rec-mark">
      <span aria-hidden="true">{t("watch.recorded")}</span>
      <span className="visually-hidden">{t("watch.recordedText")}</span>
    </span>
  );
}
