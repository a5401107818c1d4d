import { useEffect } from "react";

/** While live: the screen stays on, and leaving the page asks first. */
export function useOnAir(live: boolean): void {
  useEffect(() => {
    if (!live) return;
    const guard = (event: BeforeUnloadEvent) => event.preventDefault();
    let lock: WakeLockSentinel | undefined;
    let over = false;
    // The lock is lost whenever the page is hidden.
    const hold = async () => {
      if (document.visibilityState !== "visible") return;
      const taken = await navigator.wakeLock?.request("screen").catch(() => undefined);
      if (over) await taken?.release();
      else lock = taken;
    };
    void hold();
    const shown = () => void hold();
    window.addEventListener("beforeunload", guard);
    document.addEventListener("visibilitychange", shown);
    return () => {
      over = true;
      void lock?.release();
      window.removeEventListener("beforeunload", guard);
      document.removeEventListener("visibilitychange", shown);
    };
  }, [live]);
}
