import { useSyncExternalStore } from "react";

interface Readable<T> {
  getSnapshot: () => T;
  subscribe: (listener: () => void) => () => void;
}

export function useStore<T>(store: Readable<T>): T {
  return useSyncExternalStore(store.subscribe, store.getSnapshot);
}

/** For what an effect makes: until then there is `initial`. */
export function useStoreOr<T>(store: Readable<T> | null, initial: T): T {
  return useSyncExternalStore(store?.subscribe ?? subscribeToNothing, () =>
    store ? store.getSnapshot() : initial,
  );
}

function subscribeToNothing(): () => void {
  return () => undefined;
}
