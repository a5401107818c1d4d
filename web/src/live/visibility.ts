/** Who looks at another tab for so long does not see this one; a glance costs nobody a keyframe. */
const GRACE_MS = 5_000;

/**
 * Tells whether anybody can see the page's video: at once when it comes into sight, and after a while
 * when it goes out of it. In a window of its own it is seen wherever the page is.
 */
export function watchVisibility(changed: (seen: boolean) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = () => {
    clearTimeout(timer);
    const seen = document.visibilityState !== "hidden" || Boolean(document.pictureInPictureElement);
    if (seen) changed(true);
    else timer = setTimeout(() => changed(false), GRACE_MS);
  };
  const events = ["visibilitychange", "enterpictureinpicture", "leavepictureinpicture"] as const;
  for (const event of events) document.addEventListener(event, look);
  look();
  return () => {
    clearTimeout(timer);
    for (const event of events) document.removeEventListener(event, look);
  };
}
