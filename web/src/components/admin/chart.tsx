import { formatClock } from "../../i18n/admin-text";
import { areas, curves, type Frame, niceTop, type Series, thinned } from "../../live/admin/series";
import styles from "./chart.module.css";
import { useAdmin } from "./context";
import { Table } from "./parts";
import partStyles from "./parts.module.css";

interface SparkProps {
  series: Series;
  from: number;
  to: number;
  stepMs: number;
  label: string;
}

const SPARK = { width: 240, height: 36 };

/** A curve without numbers beside it. */
export function Spark({ series, from, to, stepMs, label }: SparkProps) {
  const frame: Frame = { ...SPARK, from, to, top: niceTop(series) };
  return (
    <svg
      className={styles.spark}
      viewBox={`0 0 ${SPARK.width} ${SPARK.height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <Curve series={series} frame={frame} stepMs={stepMs} />
    </svg>
  );
}

export interface Plot {
  name: string;
  series: Series;
  /** A value in words. */
  format: (value: number) => string;
  summary: string;
}

interface ChartProps {
  plots: readonly Plot[];
  from: number;
  to: number;
  stepMs: number;
  /** What happened at a moment, drawn over all plots. */
  marks?: readonly { at: number; forMs: number }[];
}

const SIZE = { width: 720, height: 120 };
const TABLE_ROWS = 60;

/** Curves over the same time, one below the other, and all of it as a table. */
export function Chart({ plots, from, to, stepMs, marks = [] }: ChartProps) {
  const { t } = useAdmin();
  return (
    <div className={styles.chart}>
      {plots.map((plot) => (
        <PlotFigure key={plot.name} {...{ plot, from, to, stepMs, marks }} />
      ))}
      <details className={partStyles.more}>
        <summary>{t("admin.table")}</summary>
        <Numbers plots={plots} />
      </details>
    </div>
  );
}

interface PlotProps extends Omit<ChartProps, "plots" | "marks"> {
  plot: Plot;
  marks: readonly { at: number; forMs: number }[];
}

function PlotFigure({ plot, from, to, stepMs, marks }: PlotProps) {
  const { language } = useAdmin();
  const top = niceTop(plot.series);
  const frame: Frame = { ...SIZE, from, to, top };
  const x = (at: number) => (SIZE.width * (at - from)) / (to - from || 1);
  return (
    <figure className={styles.plot}>
      <figcaption>
        <span>{plot.name}</span>
        <small>{plot.summary}</small>
      </figcaption>
      <div className={styles.area}>
        <span className={styles.top} aria-hidden="true">
          {plot.format(top)}
        </span>
        <svg
          viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={`${plot.name}: ${plot.summary}`}
        >
          {[0.25, 0.5, 0.75].map((share) => (
            <line
              key={share}
              className={styles.grid}
              x1={0}
              x2={SIZE.width}
              y1={SIZE.height * share}
              y2={SIZE.height * share}
            />
          ))}
          {marks.map(({ at, forMs }) => (
            <rect
              key={at}
              className={styles.mark}
              x={x(at)}
              y={0}
              width={Math.max(2, x(at + forMs) - x(at))}
              height={SIZE.height}
            />
          ))}
          <Curve series={plot.series} frame={frame} stepMs={stepMs} />
        </svg>
      </div>
      <div className={styles.times} aria-hidden="true">
        {[from, (from + to) / 2, to].map((at) => (
          <span key={at}>{formatClock(language, at)}</span>
        ))}
      </div>
    </figure>
  );
}

function Curve({ series, frame, stepMs }: { series: Series; frame: Frame; stepMs: number }) {
  return (
    <>
      {areas(series, frame, stepMs).map((d) => (
        <path key={d} className={styles.fill} d={d} />
      ))}
      {curves(series, frame, stepMs).map((d) => (
        <path key={d} className={styles.line} d={d} vectorEffect="non-scaling-stroke" />
      ))}
    </>
  );
}

function Numbers({ plots }: { plots: readonly Plot[] }) {
  const { t, language } = useAdmin();
  const times = [...new Set(plots.flatMap(({ series }) => series.map(([at]) => at)))];
  const rows = thinned(
    times.sort((a, b) => a - b),
    TABLE_ROWS,
  );
  const values = plots.map(({ series }) => new Map(series));
  return (
    <Table label={t("admin.table")}>
      <thead>
        <tr>
          <th scope="col">{t("admin.time")}</th>
          {plots.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((at) => (
          <tr key={at}>
            <th scope="row">{formatClock(language, at)}</th>
            {plots.map(({ name, format }, index) => {
              const value = values[index]?.get(at);
              return <td key={name}>{value === undefined ? "–" : format(value)}</td>;
            })}
          </tr>
        ))}
      </tbody>
    </Table>
  );
}
