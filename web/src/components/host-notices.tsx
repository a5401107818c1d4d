import { useLanguage } from "../hooks/use-language";
import { problemText } from "../i18n/problem";
import type { LocalMedia, LocalMediaSnapshot } from "../live/local-media";
import { hostState, type PublisherSnapshot } from "../live/publisher";
import { SHOWN_TRIES } from "../live/reconnect";
import { FindingNotices } from "./finding-notices";
import { MediaErrorCard } from "./media-error-card";
import { NoPathText } from "./no-path-text";
import { Notice } from "./notice";
import { RoomTakenNotice } from "./room-taken-notice";
import { ShareEndedCard } from "./share-ended-card";

interface HostNoticesProps {
  media: LocalMedia;
  snapshot: LocalMediaSnapshot;
  publisher: PublisherSnapshot;
}

/** What the host should know now, the worst first. */
export function HostNotices({ media, snapshot, publisher }: HostNoticesProps) {
  const { t } = useLanguage();
  const { error, missing, source, audioTrack, audioOn } = snapshot;
  const { problem, noPath, attempt, phase, room } = publisher;
  const retry =
    error === "device_muted" || error === "device_lost" ? () => void media.reopen() : undefined;
  return (
    <>
      {noPath && (
        <Notice tone={problem ? "bad" : "warn"}>
          <NoPathText why={noPath} retrying={!problem} />
        </Notice>
      )}
      {problem && !noPath && <Notice tone="bad">{problemText(t, problem)}</Notice>}
      {problem === "host_taken" && room && <RoomTakenNotice room={room.room} />}
      {phase === "live" && <ConnectionNotice publisher={publisher} attempt={attempt} />}
      {source === "none" && <ShareEndedCard media={media} live={phase === "live"} />}
      {error && (
        <MediaErrorCard
          code={error}
          onDismiss={() => media.dismissError()}
          {...(retry ? { onRetry: retry } : {})}
        />
      )}
      {missing && <Notice>{t(`host.missing.${missing}`)}</Notice>}
      <FindingNotices findings={publisher.findings} />
      {phase === "live" && audioTrack && !audioOn && <Notice>{t("host.muted")}</Notice>}
    </>
  );
}

function ConnectionNotice({
  publisher,
  attempt,
}: {
  publisher: PublisherSnapshot;
  attempt: number;
}) {
  const { t } = useLanguage();
  if (attempt > 0) {
    const n = Math.min(attempt, SHOWN_TRIES);
    return <Notice>{t("host.reconnecting", { n, max: SHOWN_TRIES })}</Notice>;
  }
  return hostState(publisher) === "interrupted" ? <Notice>{t("host.interrupted")}</Notice> : null;
}
