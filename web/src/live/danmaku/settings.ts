import { recall, remember } from "../storage";
import { Store } from "../store";

/** How messages fly over the picture. */
export interface DanmakuSettings {
  on: boolean;
  /** 0.2 to 1. */
  opacity: number;
  size: DanmakuSize;
  /** Which share of the picture's height they use, from the top. */
  area: DanmakuArea;
  density: DanmakuDensity;
}

export const SIZES = ["small", "medium", "large"] as const;
export const AREAS = ["quarter", "half", "full"] as const;
export const DENSITIES = ["few", "normal", "many"] as const;
export type DanmakuSize = (typeof SIZES)[number];
export type DanmakuArea = (typeof AREAS)[number];
export type DanmakuDensity = (typeof DENSITIES)[number];

const KEY = "danmaku";
const OPACITY_MIN = 0.2;
const START: DanmakuSettings = {
  on: true,
  opacity: 1,
  size: "medium",
  area: "half",
  density: "normal",
};

/** The person's choice, kept for the next visit. */
export class DanmakuChoice extends Store<DanmakuSettings> {
  constructor() {
    super(readSettings(recall(KEY)));
  }

  choose(patch: Partial<DanmakuSettings>): void {
    const settings = readSettings({ ...this.getSnapshot(), ...patch });
    remember(KEY, settings);
    this.update(settings);
  }

  toggle(): void {
    this.choose({ on: !this.getSnapshot().on });
  }
}

/** What is no setting becomes that of the first visit. */
export function readSettings(value: unknown): DanmakuSettings {
  const kept = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const opacity = typeof kept.opacity === "number" ? kept.opacity : START.opacity;
  return {
    on: typeof kept.on === "boolean" ? kept.on : START.on,
    opacity: Math.min(1, Math.max(OPACITY_MIN, opacity)),
    size: SIZES.find((one) => one === kept.size) ?? START.size,
    area: AREAS.find((one) => one === kept.area) ?? START.area,
    density: DENSITIES.find((one) => one === kept.density) ?? START.density,
  };
}
