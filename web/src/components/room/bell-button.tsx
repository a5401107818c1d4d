import { Bell, BellRing } from "lucide-react";
import type { useBell } from "../../hooks/use-bell";
import { useLanguage } from "../../hooks/use-language";
import styles from "./waiting.module.css";

/** Rings when the room goes live, for who waits in another tab. */
export function BellButton({ bell }: { bell: ReturnType<typeof useBell> }) {
  const { t } = useLanguage();
  return (
    <div className={styles.bell}>
      <button
        type="button"
        className={styles.bellButton}
        aria-pressed={bell.on}
        data-testid="bell"
        onClick={bell.toggle}
      >
        {bell.on ? (
          <BellRing size={18} aria-hidden="true" />
        ) : (
          <Bell size={18} aria-hidden="true" />
        )}
        {t(bell.on ? "bell.on" : "bell.off")}
      </button>
      {bell.on && (
        <p className={styles.bellText}>{t(bell.notifies ? "bell.notifies" : "bell.rings")}</p>
      )}
    </div>
  );
}
