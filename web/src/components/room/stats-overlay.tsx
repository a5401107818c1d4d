import { Check, Copy, X } from "lucide-react";
import { Fragment, useEffect, useRef } from "react";
import { useCopy } from "../../hooks/use-copy";
import { useLanguage } from "../../hooks/use-language";
import { formatBitrate, formatMs, formatPercent } from "../../i18n/format";
import type { Translate } from "../../i18n/language";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { IconButton } from "../button";
import styles from "./stats-overlay.module.css";

interface StatsOverlayProps {
  snapshot: ViewerSnapshot;
  /** Below the picture, where it covers nothing; else over its corner. */
  below: boolean;
  onClose: () => void;
}

/** The numbers of this viewer, to look at or to paste into a report. */
export function StatsOverlay({ snapshot, below, onClose }: StatsOverlayProps) {
  const { t } = useLanguage();
  const panel = useRef<HTMLElement>(null);
  // Below a high picture it may be out of sight.
  useEffect(() => {
    if (below) panel.current?.scrollIntoView({ block: "nearest" });
  }, [below]);
  const { copied, copy } = useCopy();
  const rows = rowsOf(snapshot, t);
  const look = below ? "plain" : "over";
  const text = rows.map(([name, value]) => `${name}: ${value}`).join("\n");
  return (
    <section
      ref={panel}
      className={styles.panel}
      data-below={below}
      data-testid="stats"
      aria-label={t("stats.title")}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls on a low screen
      tabIndex={0}
    >
      <div className={styles.head}>
        <h2>{t("stats.title")}</h2>
        <IconButton
          look={look}
          label={t(copied ? "common.copied" : "common.copy")}
          onClick={() => copy(`${text}\n${navigator.userAgent}`)}
        >
          {copied ? <Check size={18} /> : <Copy size={18} />}
        </IconButton>
        <IconButton look={look} label={t("common.close")} onClick={onClose}>
          <X size={18} />
        </IconButton>
      </div>
      <dl className={styles.rows}>
        {rows.map(([name, value]) => (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}

/** With a sign before it where it is estimated. */
function latencyText(stats: ViewerSnapshot["stats"]): string {
  const text = formatMs(stats?.latencyMs ?? null);
  return stats?.isTrueLatency || stats?.latencyMs == null ? text : `≈ ${text}`;
}

function rowsOf({ stats, phase, room }: ViewerSnapshot, t: Translate): [string, string][] {
  const size = stats?.width && stats.height ? `${stats.width}×${stats.height}` : "–";
  const fps = stats?.fps === null || stats === null ? "" : ` · ${Math.round(stats.fps)} fps`;
  return [
    [t("stats.state"), t(`stats.phase.${phase}`)],
    [t("stats.picture"), size + fps],
    [t("stats.codec"), stats?.codec ?? room?.codec ?? "–"],
    [t("stats.bitrate"), formatBitrate(stats?.bitrateBps ?? null)],
    [t("stats.latency"), latencyText(stats)],
    [t("stats.rtt"), formatMs(stats?.rttMs ?? null)],
    [t("stats.buffer"), formatMs(stats?.jitterBufferMs ?? null)],
    [t("stats.loss"), formatPercent(stats?.loss ?? null)],
    [t("stats.frames"), `${stats?.framesDecoded ?? 0} / ${stats?.framesDropped ?? 0}`],
    [t("stats.freezes"), String(stats?.freezes ?? 0)],
    [t("stats.transport"), stats?.transport ?? "–"],
  ];
}
