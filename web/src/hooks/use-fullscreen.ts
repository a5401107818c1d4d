import { type RefObject, useEffect, useState } from "react";

interface Fullscreen {
  isFull: boolean;
  isWeb: boolean;
  canFull: boolean;
  toggleFull: () => void;
  toggleWeb: () => void;
}

/** iPhones can fill the screen with a video element only. */
type AppleVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void };

export function useFullscreen(
  stage: RefObject<HTMLElement | null>,
  video: RefObject<HTMLVideoElement | null>,
): Fullscreen {
  const [isFull, setFull] = useState(false);
  const [isWeb, setWeb] = useState(false);
  useEffect(() => {
    const changed = () => setFull(document.fullscreenElement !== null);
    const leave = (event: KeyboardEvent) => {
      if (event.key === "Escape") setWeb(false);
    };
    document.addEventListener("fullscreenchange", changed);
    window.addEventListener("keydown", leave);
    return () => {
      document.removeEventListener("fullscreenchange", changed);
      window.removeEventListener("keydown", leave);
    };
  }, []);

  const enterApple = (video.current as AppleVideo | null)?.webkitEnterFullscreen;
  const toggleFull = () => {
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
    else if (document.fullscreenEnabled)
      void stage.current?.requestFullscreen().catch(() => undefined);
    else (video.current as AppleVideo | null)?.webkitEnterFullscreen?.();
  };
  return {
    isFull,
    isWeb,
    canFull: document.fullscreenEnabled || enterApple !== undefined,
    toggleFull,
    toggleWeb: () => setWeb((on) => !on),
  };
}
