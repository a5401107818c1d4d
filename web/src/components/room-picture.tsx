import { useState } from "react";
import { stillUrl } from "../live/kept/addresses";
import type { Still } from "../live/protocol";
import { Poster } from "./poster";
import styles from "./room-picture.module.css";

interface RoomPictureProps {
  room: string;
  /** The picture that the host gave it. */
  cover: string | null;
  /** The newest picture of its broadcast, for a room without a cover. */
  still: Still | null;
}

interface Picture {
  url: string;
  /** A video of one frame. */
  isVideo: boolean;
}

/** The picture of a room; its initial until it is there, and when it does not come. */
export function RoomPicture({ room, cover, still }: RoomPictureProps) {
  const [shown, setShown] = useState<Picture | null>(null);
  const [failed, setFailed] = useState<string[]>([]);
  const candidates: Picture[] = [
    ...(cover === null ? [] : [{ url: cover, isVideo: false }]),
    ...(still === null ? [] : [{ url: stillUrl(room, still), isVideo: still.video }]),
  ];
  const wanted = candidates.find(({ url }) => !failed.includes(url)) ?? null;
  // The one before stays until the next has come.
  const behind = wanted && shown && shown.url !== wanted.url ? shown : null;
  const pictures = [behind, wanted].filter((one) => one !== null);
  return (
    <>
      <Poster room={room} />
      {pictures.map((picture) => (
        <Shown
          key={picture.url}
          picture={picture}
          onReady={() => setShown(picture)}
          onFail={() => setFailed((urls) => [...urls, picture.url].slice(-FAILED_MAX))}
        />
      ))}
    </>
  );
}

/** Pictures that did not come, so that the next best is tried. */
const FAILED_MAX = 4;

interface ShownProps {
  picture: Picture;
  onReady: () => void;
  onFail: () => void;
}

function Shown({ picture: { url, isVideo }, onReady, onFail }: ShownProps) {
  if (isVideo) {
    return (
      <video
        className={styles.picture}
        src={url}
        muted
        playsInline
        preload="auto"
        tabIndex={-1}
        aria-hidden="true"
        data-testid="room-still"
        onLoadedData={onReady}
        onError={onFail}
      />
    );
  }
  return (
    <img
      className={styles.picture}
      src={url}
      alt=""
      loading="lazy"
      decoding="async"
      data-testid="room-picture"
      onLoad={onReady}
      onError={onFail}
    />
  );
}
