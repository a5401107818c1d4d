import type { SendStats } from "./stats";

export type HealthLevel = "good" | "fair" | "bad";

/** The worst thing about the host's connection, for a traffic light with words. */
export interface Health {
  level: HealthLevel;
  cause: "none" | "loss" | "rtt" | "bandwidth" | "cpu" | "fps";
}

/** Above these a fan sees it: blocks, late answers, jerks. */
const LOSS = { fair: 0.02, bad: 0.08 };
const RTT_MS = { fair: 250, bad: 600 };
const FPS = { fair: 20, bad: 10 };

/** A browser's own estimate starts low: until then every connection looks short of bandwidth. */
const RAMP_MS = 12_000;

export function judgeHealth(stats: SendStats, videoOn: boolean, connectedMs: number): Health {
  const limitedBy = connectedMs < RAMP_MS ? null : stats.limitedBy;
  const found: Health[] = [
    above(stats.loss, LOSS, "loss"),
    above(stats.rttMs, RTT_MS, "rtt"),
    videoOn ? below(stats.fps, FPS, "fps") : { level: "good", cause: "none" },
    limitedBy ? { level: "fair", cause: limitedBy } : { level: "good", cause: "none" },
  ];
  const worst = (level: HealthLevel) => found.find((health) => health.level === level);
  return worst("bad") ?? worst("fair") ?? { level: "good", cause: "none" };
}

type Limits = { fair: number; bad: number };

function above(value: number | null, limits: Limits, cause: Health["cause"]): Health {
  if (value === null || value <= limits.fair) return { level: "good", cause: "none" };
  return { level: value > limits.bad ? "bad" : "fair", cause };
}

function below(value: number | null, limits: Limits, cause: Health["cause"]): Health {
  if (value === null || value >= limits.fair) return { level: "good", cause: "none" };
  return { level: value < limits.bad ? "bad" : "fair", cause };
}
