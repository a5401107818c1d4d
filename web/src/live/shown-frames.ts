import { pageNow } from "./server-clock";
import type { ShownFrame } from "./true-latency";

/** Tells of each frame that a video element shows. Returns what ends it. */
export function watchShownFrames(
  video: HTMLVideoElement,
  tell: (frame: ShownFrame) => void,
): () => void {
  // Old browsers know nothing of single frames: then the latency is not known.
  if (typeof video.requestVideoFrameCallback !== "function") return () => {};
  let handle = video.requestVideoFrameCallback(function shown(_, metadata) {
    const { expectedDisplayTime, presentationTime } = metadata;
    const shownAt = performance.timeOrigin + (expectedDisplayTime || presentationTime);
    // A browser that says nothing useful means now.
    tell({
      rtpTimestamp: metadata.rtpTimestamp,
      shownAt: Number.isFinite(shownAt) ? shownAt : pageNow(),
    });
    handle = video.requestVideoFrameCallback(shown);
  });
  return () => video.cancelVideoFrameCallback(handle);
}
