import { useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import { usePastList } from "../../hooks/use-past-list";
import type { Pass } from "../../live/kept/addresses";
import { PastLists } from "./past-list";
import styles from "./room-past.module.css";

/** The last file of a broadcast that just ended is being closed, and not all who saw it ask at once. */
const AFTER_END_MS = { least: 3_000, spread: 7_000 };

interface RoomPastProps {
  room: string;
  pass: Pass;
  /** The person saw the end: what was recorded is soon there. */
  hasEnded: boolean;
}

/** Below the place of the picture while nobody is live. Nothing when nothing is kept. */
export function RoomPast({ room, pass, hasEnded }: RoomPastProps) {
  const { t } = useLanguage();
  const [spread] = useState(() => AFTER_END_MS.least + Math.random() * AFTER_END_MS.spread);
  const list = usePastList(room, pass, hasEnded ? spread : 0);
  if ((list.pasts ?? []).length === 0 && list.clips.length === 0) return null;
  return (
    <section className={styles.past} aria-labelledby="room-past" data-testid="room-past">
      <h2 id="room-past">{t("past.title")}</h2>
      <PastLists room={room} pass={pass} list={list} />
    </section>
  );
}
