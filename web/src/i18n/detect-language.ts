export type Language = "zh-CN" | "en";

/** The address wins, then what was chosen before, then the browser's own order. */
export function detectLanguage(
  search: string,
  saved: string | null,
  preferred: readonly string[],
): Language {
  const asked = new URLSearchParams(search).get("lang");
  for (const wish of [asked, saved, ...preferred]) {
    if (wish && /^zh\b/i.test(wish)) return "zh-CN";
    if (wish && /^en\b/i.test(wish)) return "en";
  }
  return preferred.length === 0 ? "zh-CN" : "en";
}

/** Puts values into the holes of a text, such as `{n}`. */
export function fill(text: string, values?: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (hole, name: string) => String(values?.[name] ?? hole));
}
