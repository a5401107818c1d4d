import { Users } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useNow } from "../../hooks/use-now";
import { formatCount, formatDuration } from "../../i18n/format";
import { hostState, type PublisherSnapshot } from "../../live/publisher";
import { RecMark } from "../kept/rec-mark";
import { LiveBadge } from "../live-badge";
import styles from "./status.module.css";

const TONES = {
  offline: "off",
  starting: "off",
  live: "live",
  interrupted: "warn",
  ended: "off",
} as const;

interface StatusProps {
  broadcast: PublisherSnapshot;
  /** What is live comes from an encoder or another page. */
  isFed: boolean;
}

/** Where the broadcast stands, how long it has run, who watches. */
export function Status({ broadcast, isFed }: StatusProps) {
  const { t } = useLanguage();
  const state = (isFed && broadcast.room?.live) || hostState(broadcast);
  const isOn = isFed || broadcast.phase === "live";
  const now = useNow(isOn);
  const liveSinceMs = isFed ? broadcast.onAirSinceMs : broadcast.liveSinceMs;
  return (
    <div className={styles.status} data-testid="host-state" data-state={state}>
      <LiveBadge tone={TONES[state]}>{t(`host.state.${state}`)}</LiveBadge>
      {isOn && broadcast.room?.kept.recording && <RecMark />}
      {isOn && liveSinceMs !== null && (
        <>
          {/* Read aloud once a second it would drown everything else. */}
          <span className={styles.timer} aria-hidden="true">
            {formatDuration(now - liveSinceMs)}
          </span>
          <Viewers broadcast={broadcast} />
        </>
      )}
      {/* Said once each time; the region is there before its words. */}
      <span className="visually-hidden" role="status">
        {state === "offline" ? "" : t(`host.state.${state}`)}
      </span>
    </div>
  );
}

function Viewers({ broadcast: { viewers, peak } }: { broadcast: PublisherSnapshot }) {
  const { t, language } = useLanguage();
  const gained = useGained(viewers);
  const n = formatCount(viewers, language);
  return (
    <span className={styles.count} title={t("watch.viewers", { n })}>
      <Users size={18} aria-hidden="true" />
      <span data-testid="viewer-count" data-count={viewers}>
        <span aria-hidden="true">{n}</span>
        <span className="visually-hidden">{t("watch.viewers", { n })}</span>
      </span>
      {gained !== 0 && (
        <span className={styles.gained} data-down={gained < 0} aria-hidden="true">
          {gained > 0 ? `+${gained}` : gained}
        </span>
      )}
      <span className={styles.peak}>{t("bar.peak", { n: formatCount(peak, language) })}</span>
    </span>
  );
}

/** How many came or left since a minute ago. */
function useGained(viewers: number): number {
  const past = useRef<{ at: number; n: number }[]>([]);
  const [gained, setGained] = useState(0);
  useEffect(() => {
    const look = () => {
      const now = Date.now();
      past.current = past.current.filter(({ at }) => now - at <= 60_000);
      past.current.push({ at: now, n: viewers });
      setGained(viewers - (past.current[0]?.n ?? viewers));
    };
    look();
    const timer = setInterval(look, 5_000);
    return () => clearInterval(timer);
  }, [viewers]);
  return gained;
}
