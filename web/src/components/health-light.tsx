import { Fragment } from "react";
import { useLanguage } from "../hooks/use-language";
import { formatBitrate, formatMs, formatPercent } from "../i18n/format";
import type { PublisherSnapshot } from "../live/publisher";
import type { SendStats } from "../live/stats";
import styles from "./health-light.module.css";

/** A traffic light for the host's connection; its words and numbers open on click. */
export function HealthLight({ publisher }: { publisher: PublisherSnapshot }) {
  const { t } = useLanguage();
  const { health, stats } = publisher;
  const level = health?.level ?? "unknown";
  return (
    <details className={styles.health}>
      <summary>
        <span className={styles.light} data-level={level} aria-hidden="true" />
        {t(`health.${level}`)}
      </summary>
      <div className={styles.panel}>
        <p>{t(`health.cause.${health?.cause ?? "none"}`)}</p>
        {publisher.paused.size > 0 && <p>{t("health.resting")}</p>}
        {stats && <Numbers stats={stats} />}
      </div>
    </details>
  );
}

function Numbers({ stats }: { stats: SendStats }) {
  const { t } = useLanguage();
  const fps = stats.fps === null ? "" : ` · ${Math.round(stats.fps)} fps`;
  const rows = [
    [t("stats.bitrate"), formatBitrate(stats.bitrateBps)],
    [t("stats.picture"), stats.width ? `${stats.width}×${stats.height}${fps}` : "–"],
    [t("stats.rtt"), formatMs(stats.rttMs)],
    [t("stats.loss"), formatPercent(stats.loss)],
    [t("stats.codec"), stats.codec ?? "–"],
    [t("stats.transport"), stats.transport ?? "–"],
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
