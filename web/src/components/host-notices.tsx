import { useLanguage } from "../hooks/use-language";
import { useMeter } from "../hooks/use-meter";
import type { Studio } from "../hooks/use-studio";
import { problemText } from "../i18n/problem";
import { hostState } from "../live/publisher";
import { SHOWN_TRIES } from "../live/reconnect";
import { FindingNotices } from "./finding-notices";
import { later } from "./later";
import { MediaProblem } from "./media-problem";
import { NoPathText } from "./no-path-text";
import { Notice } from "./notice";
import { RecordNotice } from "./studio/record-notice";

const ReplacedCard = later(async () => (await import("./studio/taken-cards")).ReplacedCard);
const TakenCard = later(async () => (await import("./studio/taken-cards")).TakenCard);
const ShareEndedCard = later(async () => (await import("./share-ended-card")).ShareEndedCard);

/** What the host should know now, the worst first. */
export function HostNotices({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { media, snapshot, broadcast } = studio;
  const { missing, source, microphone, audioOn, stream } = snapshot;
  const { noPath, phase, problem } = broadcast;
  return (
    <>
      {noPath && (
        <Notice tone={problem ? "bad" : "warn"}>
          <NoPathText why={noPath} retrying={!problem} />
        </Notice>
      )}
      <ProblemNotice studio={studio} />
      <RecordNotice record={studio.record} />
      {phase === "live" && <ConnectionNotice studio={studio} />}
      {stream && source === "none" && <ShareEndedCard media={media} live={phase === "live"} />}
      {stream && <MediaProblem media={media} snapshot={snapshot} />}
      {stream && missing && <Notice>{t(`host.missing.${missing}`)}</Notice>}
      <FindingNotices findings={broadcast.findings} />
      {phase === "live" && microphone && !audioOn && <Notice>{t("host.muted")}</Notice>}
      {microphone && audioOn && <SilenceNotice microphone={microphone} />}
    </>
  );
}

/** A microphone that hears nothing at all is usually switched off by a button of its own. */
function SilenceNotice({ microphone }: { microphone: MediaStreamTrack }) {
  const { t } = useLanguage();
  const { silent } = useMeter(microphone);
  return silent ? <Notice testId="silent">{t("host.silent")}</Notice> : null;
}

/** Those that have a place of their own: the field of the key, that of the name. */
const ELSEWHERE = ["auth_required", "auth_bad", "bad_field"];

function ProblemNotice({ studio }: { studio: Studio }) {
  const { t } = useLanguage();
  const { problem, noPath, room } = studio.broadcast;
  if (!problem || noPath || ELSEWHERE.includes(problem)) return null;
  if (problem === "host_taken" && room) return <TakenCard studio={studio} room={room.room} />;
  if (problem === "replaced") return <ReplacedCard studio={studio} />;
  return <Notice tone="bad">{problemText(t, problem)}</Notice>;
}

function ConnectionNotice({ studio: { broadcast } }: { studio: Studio }) {
  const { t } = useLanguage();
  const { attempt } = broadcast;
  if (attempt > 0) {
    const n = Math.min(attempt, SHOWN_TRIES);
    return <Notice>{t("host.reconnecting", { n, max: SHOWN_TRIES })}</Notice>;
  }
  return hostState(broadcast) === "interrupted" ? <Notice>{t("host.interrupted")}</Notice> : null;
}
