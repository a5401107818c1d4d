import { Circle, Square } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { useStoreOr } from "../../hooks/use-store";
import type { Studio } from "../../hooks/use-studio";
import type { RecordSwitch } from "../../live/record-switch";
import { IconButton, Spinner } from "../button";
import { ClipButton } from "../kept/clip-button";
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
