import { Users } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import { useNow } from "../hooks/use-now";
import { formatCount, formatDuration } from "../i18n/format";
import { hostState, type PublisherSnapshot } from "../live/publisher";
import { HealthLight } from "./health-light";
import styles from "./host-status.module.css";
import { LiveBadge } from "./live-badge";

const TONES = {
  offline: "off",
  starting: "off",
  live: "live",
  interrupted: "warn",
  ended: "off",
} as const;

/** One line that always says where the broadcast stands. */
export function HostStatus({ publisher }: { publisher: PublisherSnapshot }) {
  const { t, language } = useLanguage();
  const state = hostState(publisher);
  const isOn = publisher.phase === "live";
  const now = useNow(isOn);
  const { liveSinceMs, viewers } = publisher;
  return (
    <div className={styles.status} data-testid="host-state" data-state={state} role="status">
      <LiveBadge tone={TONES[state]}>{t(`host.state.${state}`)}</LiveBadge>
      {isOn && liveSinceMs !== null && (
        <>
          {/* Read aloud once a second it would drown everything else. */}
          <span className={styles.timer} aria-hidden="true">
            {formatDuration(now - liveSinceMs)}
          </span>
          <span className={styles.count}>
            <Users size={18} aria-hidden="true" />
            <span data-testid="viewer-count" data-count={viewers}>
              {t("watch.viewers", { n: formatCount(viewers, language) })}
            </span>
          </span>
          <HealthLight publisher={publisher} />
        </>
      )}
    </div>
  );
}
