import { Circle, Square } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { useStoreOr } from "../../hooks/use-store";
import type { Studio } from "../../hooks/use-studio";
import type { RecordSwitch } from "../../live/record-switch";
import { Button, IconButton, Spinner } from "../button";
import { ClipButton } from "../kept/clip-button";
import { Notice } from "../notice";
import styles from "./record-tools.module.css";

const IDLE = { wanted: null, problem: null };

interface RecordToolsProps {
  studio: Studio;
  /** `over`: icons over a picture. */
  look: "round" | "over";
}

/** While something is live: has it recorded, and makes clips of it. */
export function RecordTools({ studio: { broadcast, isFed, record }, look }: RecordToolsProps) {
  const { phase, room } = broadcast;
  if (!room || (phase !== "live" && !isFed)) return null;
  const { byHost, recording, pastS, pass } = room.kept;
  return (
    <>
      {pastS > 0 && <ClipButton room={room.room} pass={pass} look={look} />}
      {byHost && record && <RecordButton record={record} recording={recording} look={look} />}
    </>
  );
}

interface RecordButtonProps {
  record: RecordSwitch;
  recording: boolean;
  look: "round" | "over";
}

function RecordButton({ record, recording, look }: RecordButtonProps) {
  const { t } = useLanguage();
  const { wanted } = useStoreOr(record, IDLE);
  const isBusy = wanted !== null;
  const label = t(wordOf(wanted, recording));
  const size = look === "over" ? 24 : 20;
  const icon = recording ? (
    <Square size={size} />
  ) : (
    <Circle className={styles.dot} size={size} fill="currentcolor" />
  );
  return (
    <IconButton
      label={label}
      look={look}
      aria-busy={isBusy}
      disabled={isBusy}
      data-testid="record"
      data-recording={recording}
      onClick={() => record.set(!recording)}
    >
      {isBusy ? <Spinner /> : icon}
    </IconButton>
  );
}

function wordOf(wanted: boolean | null, recording: boolean) {
  if (wanted !== null) return wanted ? "record.starting" : "record.stopping";
  return recording ? "record.stop" : "record.start";
}

const KEYS = {
  server_full: "record.problem.server_full",
  forbidden: "record.problem.forbidden",
  room_offline: "record.problem.room_offline",
  no_answer: "record.problem.no_answer",
} as const;

/** Why a recording did not begin or end. */
export function RecordNotice({ record }: { record: RecordSwitch | null }) {
  const { t } = useLanguage();
  const { problem } = useStoreOr(record, IDLE);
  if (problem === null) return null;
  const key = problem in KEYS ? KEYS[problem as keyof typeof KEYS] : "record.problem.other";
  return (
    <Notice tone="bad" testId="record-problem">
      {t(key, { code: problem })}
      <Button className={styles.dismiss ?? ""} onClick={() => record?.dismiss()}>
        {t("common.close")}
      </Button>
    </Notice>
  );
}
