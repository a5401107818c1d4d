import { CircleAlert, CircleCheck, RadioTower } from "lucide-react";
import { type ReactNode, useEffect } from "react";
import { useLanguage } from "../../hooks/use-language";
import { useNow } from "../../hooks/use-now";
import { languageStore } from "../../i18n/language";
import { problemText } from "../../i18n/problem";
import { SHOWN_TRIES } from "../../live/reconnect";
import type { ViewerPhase } from "../../live/viewer-phase";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { Button } from "../button";
import { later, laterWithWords } from "../later";
import { Poster } from "../poster";
import styles from "./fan-overlay.module.css";
import { StageCard, StageChip } from "./stage-message";

const Delayed = later(async () => (await import("./live-notes")).Delayed);
const LiveNotes = later(async () => (await import("./live-notes")).LiveNotes);
const DoorCard = laterWithWords(async () => (await import("./door-card")).DoorCard);

interface FanOverlayProps {
  room: string;
  snapshot: ViewerSnapshot;
  hasFrame: boolean;
  /** What is seen is not live: what is true of the broadcast now is not of the picture. */
  isPast?: boolean;
  /** It comes with a delay, by another way. */
  isDelayed?: boolean;
  /** There is no other way for what the host sends. */
  isUnfit?: boolean;
  /** Below the words for who waits, and for who saw the end. */
  waiting?: ReactNode;
}

/** Long before it is known that there is no path; without a server the words for that would not come any more. */
const DOUBT_MS = 1_000;

const NoPathCard = later(
  async () => {
    const [{ NoPathCard }] = await Promise.all([import("./no-path-card"), languageStore.loadAll()]);
    return NoPathCard;
  },
  <Connecting />,
);

/** Phases in which a fan waits for a path, so that it is told why there is none. */
const SEEKING: readonly ViewerPhase[] = [
  "connecting",
  "waiting",
  "stalled",
  "reconnecting",
  "error",
];

/** What the fan is told over the picture, or in its place. The region is there before its words. */
export function FanOverlay(props: FanOverlayProps) {
  return (
    <div className={styles.status} role="status">
      {props.isDelayed ? <Delayed /> : <Words {...props} />}
    </div>
  );
}

function Words(props: FanOverlayProps) {
  const { room, snapshot, hasFrame, isPast = false, isUnfit = false, waiting } = props;
  const { t } = useLanguage();
  const { phase, attempt, noPath, problem } = snapshot;
  // What helps here is said below.
  const isToldMore = problem === "turn_needs_name";
  if (noPath && !isToldMore && SEEKING.includes(phase)) {
    return <NoPathCard why={noPath} isUnfit={isUnfit} />;
  }
  switch (phase) {
    case "connecting":
      return (
        <>
          {!hasFrame && <Poster />}
          <Connecting />
        </>
      );
    case "waiting":
      return (
        <StageCard
          icon={<RadioTower size={28} />}
          pulse
          title={t("watch.waiting")}
          text={t("watch.waiting.text")}
        >
          {waiting}
        </StageCard>
      );
    case "ended":
      return (
        <StageCard
          icon={<CircleCheck size={28} />}
          title={t("watch.ended")}
          text={t("watch.ended.text")}
        >
          {waiting}
        </StageCard>
      );
    case "error":
      if (snapshot.detail && problem?.startsWith("auth_")) {
        return <DoorCard room={room} asks={snapshot.detail} refused={problem === "auth_bad"} />;
      }
      return <ErrorCard snapshot={snapshot} isUnfit={isUnfit} />;
    case "stalled":
      return <StageChip busy text={t("watch.stalled")} />;
    case "interrupted":
      return isPast ? null : <StageChip busy text={t("watch.interrupted")} />;
    case "reconnecting": {
      const n = Math.min(Math.max(attempt, 1), SHOWN_TRIES);
      return (
        <>
          {!hasFrame && <Poster />}
          <StageChip busy text={t("watch.reconnecting", { n, max: SHOWN_TRIES })} />
        </>
      );
    }
    case "live":
      return hasNotes(snapshot, isPast) && <LiveNotes snapshot={snapshot} isPast={isPast} />;
  }
}

function Connecting() {
  const { t } = useLanguage();
  useEffect(() => {
    const timer = setTimeout(NoPathCard.fetch, DOUBT_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <>
      <div className={styles.progress} />
      <StageChip busy text={t("watch.connecting")} />
    </>
  );
}

/** Whether there is something to say of a picture that is there. */
function hasNotes({ room, choice, layer }: ViewerSnapshot, isPast: boolean): boolean {
  if (choice === "off") return true;
  if (isPast) return false;
  return room?.video === "off" || room?.audio === "muted" || layer?.on === false;
}

/** That the page tries again, and when, where that is known. */
function Retry({ atMs }: { atMs: number | null }) {
  const { t } = useLanguage();
  const now = useNow(atMs !== null);
  const s = atMs === null ? 0 : Math.ceil((atMs - now) / 1000);
  // Each second would be read out.
  return (
    <>
      <p>{t("problem.retrying")}</p>
      {s > 0 && (
        <p className={styles.countdown} aria-hidden="true">
          {t("problem.retryIn", { s })}
        </p>
      )}
    </>
  );
}

function ErrorCard({ snapshot, isUnfit }: { snapshot: ViewerSnapshot; isUnfit: boolean }) {
  const { t } = useLanguage();
  const { problem, detail, retrying } = snapshot;
  return (
    <StageCard
      icon={<CircleAlert size={28} />}
      title={t("watch.error")}
      text={problem ? problemText(t, problem, detail) : ""}
    >
      {isUnfit && <p>{t("watch.noDelayed")}</p>}
      {retrying && <Retry atMs={snapshot.retryAtMs} />}
      <Button kind="primary" onClick={() => location.reload()}>
        {t("problem.reload")}
      </Button>
    </StageCard>
  );
}
