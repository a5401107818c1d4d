import { useLanguage } from "../../hooks/use-language";
import { useStoreOr } from "../../hooks/use-store";
import type { RecordSwitch } from "../../live/record-switch";
import { Button } from "../button";
import { Notice } from "../notice";
import styles from "./record-tools.module.css";

const IDLE = { wanted: null, problem: null };

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
