/** Those who want to hear of something that happens and leaves no state. */
export class Listeners<T> {
  readonly #all = new Set<(what: T) => void>();

  /** Ends with the returned function. */
  readonly add = (listener: (what: T) => void): (() => void) => {
    this.#all.add(listener);
    return () => this.#all.delete(listener);
  };

  tell(what: T): void {
    for (const listener of [...this.#all]) listener(what);
  }
}
