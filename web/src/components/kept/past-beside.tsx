import { type CSSProperties, type RefObject, useEffect, useRef, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { BesideFile } from "../../live/kept/types";
import styles from "./past-beside.module.css";

/** A picture that is further off than this is set right; less is not heard. */
const MAX_OFF_S = 0.25;
const MOVES = ["timeupdate", "play", "playing", "pause", "seeking", "ratechange", "emptied"];

interface PastBesideProps {
  files: readonly BesideFile[];
  /** The host's picture, which the others follow. */
  main: RefObject<HTMLVideoElement | null>;
  /** When the host's file begins, in seconds since the recording began. */
  at: number;
  url: (name: string) => string;
}

/** Guests and the host's second picture, as they were beside it. */
export function PastBeside({ files, main, at, url }: PastBesideProps) {
  const { t } = useLanguage();
  const shown = files.filter((file) => file.layer === undefined);
  if (shown.length === 0) return null;
  return (
    <section className={styles.beside} aria-label={t("past.beside")}>
      {shown.map((file) => (
        <Beside key={file.name} file={file} main={main} ahead={at - file.at} src={url(file.name)} />
      ))}
    </section>
  );
}

/** What a file beside the host's is called. */
export function useBesideName(): (file: BesideFile) => string {
  const { t } = useLanguage();
  return ({ guest, second, layer }) => {
    if (guest !== undefined) return t("past.guest", { n: guest });
    return second ? t("past.second") : t("past.layer", { name: layer ?? "" });
  };
}

interface BesideProps {
  file: BesideFile;
  main: RefObject<HTMLVideoElement | null>;
  /** How much further this file is than the host's. */
  ahead: number;
  src: string;
}

function Beside({ file, main, ahead, src }: BesideProps) {
  const nameOf = useBesideName();
  const video = useRef<HTMLVideoElement>(null);
  const [isThere, setThere] = useState(false);
  const { durationS, width = 16, height = 9 } = file;
  useEffect(() => {
    const host = main.current;
    if (host === null) return;
    const follow = () => {
      const own = video.current;
      const at = host.currentTime + ahead;
      const isWithin = at >= 0 && at < durationS;
      setThere(isWithin);
      if (own === null) return;
      if (!isWithin || host.paused || host.ended) own.pause();
      if (!isWithin) return;
      own.playbackRate = host.playbackRate;
      if (host.paused || Math.abs(own.currentTime - at) > MAX_OFF_S) own.currentTime = at;
      if (!host.paused && own.paused) void own.play().catch(() => undefined);
    };
    follow();
    for (const move of MOVES) host.addEventListener(move, follow);
    return () => {
      for (const move of MOVES) host.removeEventListener(move, follow);
    };
  }, [main, ahead, durationS]);
  return (
    <figure hidden={!isThere} data-testid="past-beside">
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has written any */}
      <video
        ref={video}
        src={src}
        style={{ "--ratio": `${width} / ${height}` } as CSSProperties}
        playsInline
        preload="metadata"
      />
      <figcaption>{nameOf(file)}</figcaption>
    </figure>
  );
}
