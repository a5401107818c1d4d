import { useEffect, useState } from "react";
import type { Publisher } from "../live/publisher";
import { RecordSwitch } from "../live/record-switch";

export function useRecordSwitch(publisher: Publisher): RecordSwitch | null {
  const [record, setRecord] = useState<RecordSwitch | null>(null);
  useEffect(() => {
    const made = new RecordSwitch(publisher);
    setRecord(made);
    return () => made.close();
  }, [publisher]);
  return record;
}
