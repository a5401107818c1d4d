import { type RefObject, useState } from "react";

/** Picture in picture; the button goes when the browser turns out not to do it for streams. */
export function usePip(video: RefObject<HTMLVideoElement | null>): {
  canPip: boolean;
  togglePip: () => void;
} {
  const [works, setWorks] = useState(
    () =>
      document.pictureInPictureEnabled === true &&
      "requestPictureInPicture" in HTMLVideoElement.prototype,
  );
  const toggle = async () => {
    try {
      if (document.pictureInPictureElement) await document.exitPictureInPicture();
      else await video.current?.requestPictureInPicture();
    } catch (error) {
      if ((error as Error).name === "NotSupportedError") setWorks(false);
    }
  };
  return { canPip: works, togglePip: () => void toggle() };
}
