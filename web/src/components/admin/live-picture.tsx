import { useEffect, useRef, useState } from "react";
import { Preview, tokenFor } from "../../live/admin/preview";
import type { Watch } from "../../live/admin/types";
import { useAdmin } from "./context";
import styles from "./live-picture.module.css";

/** Rooms that are shown live at once: a picture costs the browser a decoder. */
const AT_ONCE = 9;
let shown = 0;

interface LivePictureProps {
  room: string;
  watch: Watch;
}

/** The live picture of a room, without sound, while it is in view. Lies over what is there without it. */
export function LivePicture({ room, watch }: LivePictureProps) {
  const { api, t } = useAdmin();
  const video = useRef<HTMLVideoElement>(null);
  const isSeen = useSeen(video);
  const [isMoving, setMoving] = useState(false);
  useEffect(() => {
    const element = video.current;
    if (!isSeen || element === null || shown >= AT_ONCE) return;
    shown += 1;
    const preview = new Preview();
    let isOver = false;
    tokenFor(api, room, watch)
      .then((token) => (isOver ? null : preview.start(room, token)))
      .then((stream) => {
        if (!isOver) element.srcObject = stream;
      })
      // What was there before stays: nobody is live any more, or the room is full.
      .catch(() => preview.stop());
    return () => {
      isOver = true;
      shown -= 1;
      element.srcObject = null;
      setMoving(false);
      preview.stop();
    };
  }, [api, room, watch, isSeen]);
  return (
    <video
      ref={video}
      className={styles.video}
      data-moving={isMoving}
      data-testid="live-picture"
      aria-label={t("rooms.livePicture", { room })}
      autoPlay
      muted
      playsInline
      onPlaying={() => setMoving(true)}
    />
  );
}

function useSeen(of: React.RefObject<Element | null>): boolean {
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (of.current === null) return;
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting ?? false));
    observer.observe(of.current);
    return () => observer.disconnect();
  }, [of]);
  return isSeen;
}
