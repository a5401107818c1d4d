/**
 * What the browser remembers for the person. A browser that forbids storage must not break the
 * page, so reading gives nothing and writing does nothing there.
 */
const PREFIX = "kaibo.";

class Memory {
  readonly #storage: () => Storage;

  constructor(storage: () => Storage) {
    this.#storage = storage;
  }

  remember(key: string, value: unknown): void {
    try {
      this.#storage().setItem(PREFIX + key, JSON.stringify(value));
    } catch {
      // Private mode or full: the page works without memory.
    }
  }

  recall(key: string): unknown {
    try {
      const text = this.#storage().getItem(PREFIX + key);
      return text === null ? undefined : JSON.parse(text);
    } catch {
      return undefined;
    }
  }

  recallString(key: string): string | null {
    const value = this.recall(key);
    return typeof value === "string" && value !== "" ? value : null;
  }

  forget(key: string): void {
    try {
      this.#storage().removeItem(PREFIX + key);
    } catch {
      // Nothing is kept there.
    }
  }
}

const lasting = new Memory(() => localStorage);
/** Until the tab is closed. */
export const sessionOnly = new Memory(() => sessionStorage);

export const remember = (key: string, value: unknown): void => lasting.remember(key, value);
export const recall = (key: string): unknown => lasting.recall(key);
export const recallString = (key: string): string | null => lasting.recallString(key);
export const forget = (key: string): void => lasting.forget(key);
