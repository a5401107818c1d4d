import { RotateCcw } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { LiveBadge } from "../live-badge";
import styles from "./fan-controls.module.css";

interface LiveButtonProps {
  snapshot: ViewerSnapshot;
  /** What is seen stands still, or is not live. */
  isBehind: boolean;
  /** It comes with a delay, by another way. */
  isDelayed: boolean;
  onLive: () => void;
}

/** That it is live, and how late. Where what is seen is not, it leads back. */
export function LiveButton({ snapshot, isBehind, isDelayed, onLive }: LiveButtonProps) {
  const { t } = useLanguage();
  const latencyMs = snapshot.stats?.latencyMs ?? null;
  if (isBehind) {
    return (
      <button type="button" className={styles.back} data-testid="back-to-live" onClick={onLive}>
        <RotateCcw size={16} aria-hidden="true" />
        {t("player.backToLive")}
      </button>
    );
  }
  if (isDelayed) {
    return (
      <span className={styles.live}>
        <LiveBadge tone="warn">{t("player.delayed")}</LiveBadge>
      </span>
    );
  }
  return (
    <span className={styles.live}>
      <LiveBadge tone={snapshot.phase === "live" ? "live" : "off"}>{t("watch.live")}</LiveBadge>
      {latencyMs !== null && (
        <span className={styles.latency} data-testid="latency">
          {t("watch.latency", { s: (latencyMs / 1000).toFixed(2) })}
        </span>
      )}
    </span>
  );
}
