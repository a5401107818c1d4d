import type { Language } from "./language";

/** `12`, `1.2万` or `12K`. */
export function formatCount(n: number, language: Language): string {
  return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }).format(
    n,
  );
}

/** `02:05`, `1:02:05`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`;
}

/** `−0:42`, `−1:02:05`: how far behind what is live. */
export function formatBehind(ms: number): string {
  return `−${formatDuration(ms).replace(/^0(?=\d:)/, "")}`;
}

/** `640 kbit/s`, `1.8 Mbit/s`. */
export function formatBitrate(bps: number | null): string {
  if (bps === null) return "–";
  return bps < 1_000_000
    ? `${Math.round(bps / 1000)} kbit/s`
    : `${(bps / 1_000_000).toFixed(1)} Mbit/s`;
}

export function formatMs(ms: number | null): string {
  return ms === null ? "–" : `${Math.round(ms)} ms`;
}

export function formatPercent(share: number | null): string {
  return share === null ? "–" : `${(share * 100).toFixed(1)} %`;
}

/** When something was, to the minute; this year's without the year. */
export function formatDate(ms: number, language: Language, now = Date.now()): string {
  const isThisYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(language, {
    ...(isThisYear ? {} : { year: "numeric" }),
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(ms);
}

/** `640 kB`, `1.8 MB`, `1.3 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.max(1, Math.round(bytes / 1000))} kB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(1)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}
