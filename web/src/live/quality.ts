/** What the host sends: the size asked of the camera, and the most bits a second. */
export interface Quality {
  height: number;
  width: number;
  maxBitrateBps: number;
}

export const QUALITIES = {
  smooth: { width: 960, height: 540, maxBitrateBps: 800_000 },
  hd: { width: 1280, height: 720, maxBitrateBps: 1_800_000 },
  ultra: { width: 1920, height: 1080, maxBitrateBps: 3_500_000 },
} as const satisfies Record<string, Quality>;

/** The simulcast layers, lowest first: by how much the picture shrinks, and its share of the bit rate. */
export const LAYERS = [
  { rid: "q", scale: 4, share: 1 / 12 },
  { rid: "h", scale: 2, share: 1 / 4 },
  { rid: "f", scale: 1, share: 1 },
] as const;

export type QualityName = keyof typeof QUALITIES;

export const QUALITY_NAMES = Object.keys(QUALITIES) as QualityName[];

export const FRAME_RATE = 30;

export function isQualityName(value: unknown): value is QualityName {
  return typeof value === "string" && Object.hasOwn(QUALITIES, value);
}
