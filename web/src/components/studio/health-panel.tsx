import { Fragment, useEffect, useRef, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { formatBitrate, formatMs, formatPercent } from "../../i18n/format";
import type { Translate } from "../../i18n/language";
import type { Verdict } from "../../live/health";
import { healthOf, type PublisherSnapshot } from "../../live/publisher";
import type { SendStats } from "../../live/stats";
import styles from "./health-panel.module.css";
import { Sparkline } from "./sparkline";

/** How the broadcast goes: a curve and words; all figures on click. Esc and a click elsewhere close them. */
export function HealthPanel({ broadcast }: { broadcast: PublisherSnapshot }) {
  const { t } = useLanguage();
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    const clicked = (event: PointerEvent) => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener("keydown", pressed);
    document.addEventListener("pointerdown", clicked);
    return () => {
      document.removeEventListener("keydown", pressed);
      document.removeEventListener("pointerdown", clicked);
    };
  }, [isOpen]);
  const { stats, health } = broadcast;
  const verdict = healthOf(broadcast);
  const level = verdict?.level ?? "unknown";
  const words = verdict ? wordsOf(verdict, t) : t("health.unknown");
  return (
    <div ref={box} className={styles.health}>
      <button
        ref={button}
        type="button"
        className={styles.button}
        aria-expanded={isOpen}
        data-testid="health"
        data-level={level}
        data-cause={verdict?.cause ?? "none"}
        onClick={() => setOpen((open) => !open)}
      >
        <span className="visually-hidden">{t("bar.health", { words })}</span>
        <Sparkline
          className={styles.curve}
          history={health?.history ?? []}
          targetBps={health?.targetBps ?? 0}
          label={t("health.history")}
        />
        <span className={styles.words}>
          <span className={styles.verdict}>
            <span className={styles.light} data-level={level} aria-hidden="true" />
            {t(`health.${level}`)}
          </span>
          <span className={styles.figures}>
            {formatBitrate(stats?.bitrateBps ?? null)}
            {stats?.fps == null ? "" : ` · ${Math.round(stats.fps)} fps`}
          </span>
        </span>
      </button>
      {isOpen && (
        <div className={styles.panel}>
          <p>{words}</p>
          {broadcast.paused.size > 0 && <p>{t("health.resting")}</p>}
          {health && (
            <Sparkline
              className={styles.large}
              history={health.history}
              targetBps={health.targetBps}
              label={t("health.history")}
            />
          )}
          {stats && <Numbers stats={stats} targetBps={health?.targetBps ?? null} />}
        </div>
      )}
    </div>
  );
}

function wordsOf({ cause }: Verdict, t: Translate): string {
  return cause === "server" ? t("health.server") : t(`health.cause.${cause}`);
}

function Numbers({ stats, targetBps }: { stats: SendStats; targetBps: number | null }) {
  const { t } = useLanguage();
  const fps = stats.fps === null ? "" : ` · ${Math.round(stats.fps)} fps`;
  const target = targetBps ? ` / ${t("health.target", { rate: formatBitrate(targetBps) })}` : "";
  const rows = [
    [t("stats.bitrate"), `${formatBitrate(stats.bitrateBps)}${target}`],
    [t("stats.picture"), stats.width ? `${stats.width}×${stats.height}${fps}` : "–"],
    [t("stats.rtt"), formatMs(stats.rttMs)],
    [t("stats.loss"), formatPercent(stats.loss)],
    [t("stats.codec"), stats.codec ?? "–"],
    [t("stats.transport"), stats.transport?.toUpperCase() ?? "–"],
  ] as const;
  return (
    <dl className={styles.rows}>
      {rows.map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </Fragment>
      ))}
    </dl>
  );
}
