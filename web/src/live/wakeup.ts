/**
 * Calls back when the page may have slept or changed networks: the moment to look whether
 * connections still live, instead of waiting for their timeouts.
 */
export function onWakeup(callback: () => void): () => void {
  const visible = () => {
    if (document.visibilityState === "visible") callback();
  };
  document.addEventListener("visibilitychange", visible);
  window.addEventListener("pageshow", callback);
  window.addEventListener("online", callback);
  return () => {
    document.removeEventListener("visibilitychange", visible);
    window.removeEventListener("pageshow", callback);
    window.removeEventListener("online", callback);
  };
}
