import { recall, remember } from "./storage";

/** The most characters of a title. */
export const TITLE_MAX = 80;
const KEY = "titles";
/** Of so many rooms the titles are kept. */
const ROOMS_MAX = 20;

/** The title that this host gave a room the last time. */
export function recallTitle(room: string): string {
  const titles = known();
  return titles.find(([name]) => name === room)?.[1] ?? "";
}

export function rememberTitle(room: string, title: string): void {
  const others = known().filter(([name]) => name !== room);
  remember(KEY, [[room, title], ...others].slice(0, ROOMS_MAX));
}

function known(): [string, string][] {
  const titles = recall(KEY);
  if (!Array.isArray(titles)) return [];
  return titles.filter(
    (one): one is [string, string] =>
      Array.isArray(one) && typeof one[0] === "string" && typeof one[1] === "string",
  );
}
