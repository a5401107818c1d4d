import { type ReactNode, type RefObject, useEffect, useRef, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { formatDuration } from "../../i18n/format";
import { type Pass, pastFileUrl } from "../../live/kept/addresses";
import type { Past, PastFile } from "../../live/kept/types";
import { SelectField } from "../field";
import { Notice } from "../notice";
import styles from "./past-player.module.css";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;

interface PastPlayerProps {
  room: string;
  past: Past;
  pass: Pass;
  /** Beside the speed: what it is. */
  children: ReactNode;
}

/** Plays the files of a past broadcast as one: at the end of each the next begins. */
export function PastPlayer({ room, past, pass, children }: PastPlayerProps) {
  const { t } = useLanguage();
  const video = useRef<HTMLVideoElement>(null);
  const [at, setAt] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [failed, setFailed] = useState<string | null>(null);
  const file = past.files[at];
  useSpeed(video, speed, at);
  const goesOn = useGoesOn(video, at);
  if (file === undefined) return null;
  const choose = (next: number) => {
    goesOn.current = true;
    if (next === at) void video.current?.play().catch(() => undefined);
    setAt(next);
  };
  const { width = 16, height = 9 } = file;
  return (
    <div className={styles.player}>
      {/* biome-ignore lint/a11y/useMediaCaption: nobody has written any */}
      <video
        ref={video}
        className={styles.video}
        style={{ aspectRatio: `${width} / ${height}` }}
        src={pastFileUrl({ room, id: past.id }, file.name, { pass })}
        aria-label={t("past.player")}
        data-testid="past-video"
        data-part={at}
        controls
        playsInline
        preload="metadata"
        onError={() => setFailed(file.name)}
        onEnded={() => at + 1 < past.files.length && choose(at + 1)}
      />
      {failed === file.name && <Notice tone="bad">{t("past.cannotPlay")}</Notice>}
      <div className={styles.tools}>
        <div className={styles.about}>{children}</div>
        <div className={styles.speed}>
          <SelectField
            label={t("past.speed")}
            value={speed}
            data-testid="past-speed"
            onChange={(event) => setSpeed(Number(event.target.value))}
          >
            {SPEEDS.map((one) => (
              <option key={one} value={one}>
                {one === 1 ? t("past.speedNormal") : `${one}×`}
              </option>
            ))}
          </SelectField>
        </div>
      </div>
      {past.files.length > 1 && <Parts files={past.files} at={at} onChoose={choose} />}
    </div>
  );
}

interface PartsProps {
  files: readonly PastFile[];
  at: number;
  onChoose: (at: number) => void;
}

function Parts({ files, at, onChoose }: PartsProps) {
  const { t } = useLanguage();
  return (
    <section className={styles.parts} aria-label={t("past.parts")}>
      <h2>{t("past.parts")}</h2>
      <ol>
        {files.map((file, n) => (
          <li key={file.name}>
            <button
              type="button"
              aria-current={n === at}
              data-testid="past-part"
              onClick={() => onChoose(n)}
            >
              {t("past.part", { n: n + 1 })}
              <small>
                {n === at
                  ? t("past.partNow")
                  : t("past.partAt", { time: formatDuration(file.at * 1000) })}
              </small>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** The speed outlives the file, which begins at the usual one. */
function useSpeed(video: RefObject<HTMLVideoElement | null>, speed: number, at: number): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: another file begins at the usual speed
  useEffect(() => {
    if (video.current === null) return;
    video.current.defaultPlaybackRate = speed;
    video.current.playbackRate = speed;
  }, [video, speed, at]);
}

/** Whether the file that comes next plays at once: the one before did, or the person chose it. */
function useGoesOn(video: RefObject<HTMLVideoElement | null>, at: number): RefObject<boolean> {
  const goesOn = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: for each file
  useEffect(() => {
    if (goesOn.current) void video.current?.play().catch(() => undefined);
    goesOn.current = false;
  }, [video, at]);
  return goesOn;
}
