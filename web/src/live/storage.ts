/**
 * What the browser remembers for the person. A browser that forbids storage must not break the
 * page, so reading gives nothing and writing does nothing there.
 */
const PREFIX = "kaibo.";

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Private mode or full: the page works without memory.
  }
}

export function recall(key: string): unknown {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function recallString(key: string): string | null {
  const value = recall(key);
  return typeof value === "string" && value !== "" ? value : null;
}
