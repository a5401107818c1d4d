import {
  type CSSProperties,
  type ReactNode,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from "react";
import { useDanmaku } from "../../hooks/use-danmaku";
import { useFullscreen } from "../../hooks/use-fullscreen";
import { useLanguage } from "../../hooks/use-language";
import { useMediaQuery } from "../../hooks/use-media-query";
import { useStore } from "../../hooks/use-store";
import { formatDuration } from "../../i18n/format";
import { PlayClock } from "../../live/danmaku/play-clock";
import { DanmakuChoice } from "../../live/danmaku/settings";
import { type Pass, pastFileUrl } from "../../live/kept/addresses";
import type { PastChat } from "../../live/kept/past-chat";
import type { Past, PastFile } from "../../live/kept/types";
import { SelectField } from "../field";
import { Notice } from "../notice";
import { PastBeside } from "./past-beside";
import { PastChatList } from "./past-chat-list";
import styles from "./past-player.module.css";
import { PastTools } from "./past-tools";

const SPEEDS = [0.5, 0.75, 1, 1.25, 1.5, 2] as const;
const REDUCED = "(prefers-reduced-motion: reduce)";
const NOWHERE = () => 0;

interface PastPlayerProps {
  room: string;
  past: Past;
  pass: Pass;
  /** What was said meanwhile. */
  chat: PastChat;
  /** Beside the speed: what it is. */
  children: ReactNode;
}

/** Plays the files of a past broadcast as one: at the end of each the next begins. The chat plays along. */
export function PastPlayer({ room, past, pass, chat, children }: PastPlayerProps) {
  const { t } = useLanguage();
  const picture = useRef<HTMLDivElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const full = useFullscreen(picture, video);
  const { isThere: hasChat } = useStore(chat);
  const [danmaku] = useState(() => new DanmakuChoice());
  const [at, setAt] = useState(0);
  const [speed, setSpeed] = useState(1);
  const [failed, setFailed] = useState<string | null>(null);
  const file = past.files[at];
  useSpeed(video, speed, at);
  const goesOn = useGoesOn(video, at);
  const clock = usePlayClock(video);
  const calm = useMediaQuery(REDUCED);
  const running = hasChat && !calm;
  useDanmaku(canvas, { chat, choice: danmaku, running, untilShown: NOWHERE, clock });
  if (file === undefined) return null;
  const choose = (next: number) => {
    goesOn.current = true;
    if (next === at) void video.current?.play().catch(() => undefined);
    setAt(next);
  };
  const { width = 16, height = 9 } = file;
  /** When what is shown was, in seconds since the recording began. */
  const shownAt = () => file.at + (video.current?.currentTime ?? 0);
  const moved = () => chat.moveTo(shownAt());
  // The browser's own button shows the video alone, without what flies over it.
  const ownFull = hasChat && document.fullscreenEnabled;
  return (
    <div className={styles.player} data-chat={hasChat}>
      <div className={styles.main}>
        <div
          ref={picture}
          className={styles.picture}
          style={{ "--ratio": `${width} / ${height}` } as CSSProperties}
        >
          {/* biome-ignore lint/a11y/useMediaCaption: nobody has written any */}
          <video
            ref={video}
            src={pastFileUrl({ room, id: past.id }, file.name, { pass })}
            aria-label={t("past.player")}
            data-testid="past-video"
            data-part={at}
            controls
            controlsList={ownFull ? "nofullscreen" : undefined}
            playsInline
            preload="metadata"
            onLoadedMetadata={moved}
            onTimeUpdate={moved}
            onSeeking={() => chat.jumpTo(shownAt())}
            onError={() => setFailed(file.name)}
            onEnded={() => at + 1 < past.files.length && choose(at + 1)}
          />
          {hasChat && <canvas ref={canvas} data-testid="danmaku" />}
        </div>
        <PastBeside
          files={past.beside ?? []}
          main={video}
          at={file.at}
          url={(name) => pastFileUrl({ room, id: past.id }, name, { pass })}
        />
        {failed === file.name && <Notice tone="bad">{t("past.cannotPlay")}</Notice>}
        <div className={styles.tools}>
          <div className={styles.about}>{children}</div>
          <div className={styles.choices}>
            {hasChat && <PastTools danmaku={danmaku} onFull={ownFull ? full.toggleFull : null} />}
            <Speed speed={speed} onChoose={setSpeed} />
          </div>
        </div>
        {past.files.length > 1 && <Parts files={past.files} at={at} onChoose={choose} />}
      </div>
      {hasChat && <PastChatList chat={chat} />}
    </div>
  );
}

function Speed({ speed, onChoose }: { speed: number; onChoose: (speed: number) => void }) {
  const { t } = useLanguage();
  return (
    <div className={styles.speed}>
      <SelectField
        label={t("past.speed")}
        value={speed}
        data-testid="past-speed"
        onChange={(event) => onChoose(Number(event.target.value))}
      >
        {SPEEDS.map((one) => (
          <option key={one} value={one}>
            {one === 1 ? t("past.speedNormal") : `${one}×`}
          </option>
        ))}
      </SelectField>
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

/** Goes with the video, whichever file it plays. */
function usePlayClock(video: RefObject<HTMLVideoElement | null>): PlayClock {
  const [clock] = useState(() => new PlayClock());
  useEffect(() => (video.current ? clock.follow(video.current) : undefined), [video, clock]);
  return clock;
}
