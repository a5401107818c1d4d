import { type CSSProperties, useEffect, useRef, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useMeter } from "../../hooks/use-meter";
import styles from "./level-meter.module.css";

/** The peak stands this long, then falls to what is heard. */
const HOLD_MS = 1_500;
const FLOOR_DB = -60;

/** How loud it is: green for speech, amber where it gets close, red where it distorts; a line holds the peak. */
export function LevelMeter({ track, on }: { track: MediaStreamTrack; on: boolean }) {
  const { t } = useLanguage();
  const { level } = useMeter(track);
  const shown = on ? level : 0;
  const peak = usePeak(shown);
  const db = Math.round(FLOOR_DB * (1 - shown));
  return (
    <div className={styles.meter}>
      <meter
        className="visually-hidden"
        aria-label={t("host.meter")}
        min={FLOOR_DB}
        max={0}
        value={db}
      >
        {shown === 0 ? t("meter.silent") : t("meter.value", { db })}
      </meter>
      <span className={styles.level} style={{ "--level": shown } as CSSProperties} />
      <span className={styles.peak} style={{ "--level": peak } as CSSProperties} />
    </div>
  );
}

function usePeak(level: number): number {
  const [peak, setPeak] = useState(level);
  const at = useRef(0);
  useEffect(() => {
    const now = Date.now();
    if (level < peak && now - at.current < HOLD_MS) {
      const timer = setTimeout(() => setPeak(level), at.current + HOLD_MS - now);
      return () => clearTimeout(timer);
    }
    at.current = now;
    setPeak(level);
  }, [level, peak]);
  return Math.max(peak, level);
}
