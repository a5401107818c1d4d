import { useEffect, useRef } from "react";
import type { HealthSample } from "../../live/health";
import styles from "./sparkline.module.css";

interface SparklineProps {
  history: readonly HealthSample[];
  /** What the top of the picture means at least, in bits a second. */
  targetBps: number;
  label: string;
  className?: string | undefined;
}

const SPAN_MS = 120_000;
/** The properties that carry the colors of the theme: a canvas knows no `light-dark()`. */
const COLORS = { good: "color", fair: "outlineColor", bad: "textDecorationColor" } as const;

/** The bit rate of the last two minutes; the target is a dashed line. */
export function Sparkline({ history, targetBps, label, className }: SparklineProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const element = canvas.current;
    if (element) draw(element, history, targetBps);
  }, [history, targetBps]);
  return (
    <canvas
      ref={canvas}
      className={`${styles.curve} ${className ?? ""}`}
      role="img"
      aria-label={label}
    />
  );
}

function draw(
  canvas: HTMLCanvasElement,
  history: readonly HealthSample[],
  targetBps: number,
): void {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext?.("2d");
  const last = history.at(-1);
  if (!context || !last) return;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const top = Math.max(targetBps, ...history.map(({ bps }) => bps)) * 1.1 || 1;
  const x = (at: number) => width * (1 - (last.at - at) / SPAN_MS);
  const y = (bps: number) => height - 1 - (bps / top) * (height - 2);
  context.setLineDash([3, 3]);
  line(context, style.columnRuleColor, 1, [
    [0, y(targetBps)],
    [width, y(targetBps)],
  ]);
  context.setLineDash([]);
  history.forEach((sample, index) => {
    const before = history[index - 1];
    if (!before) return;
    line(context, style[COLORS[sample.level]], 1.75, [
      [x(before.at), y(before.bps)],
      [x(sample.at), y(sample.bps)],
    ]);
  });
}

function line(
  context: CanvasRenderingContext2D,
  color: string,
  width: number,
  [from, to]: readonly [readonly [number, number], readonly [number, number]],
): void {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.lineCap = "round";
  context.beginPath();
  context.moveTo(...from);
  context.lineTo(...to);
  context.stroke();
}
