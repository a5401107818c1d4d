import { useState } from "react";
import { usePastList } from "../../hooks/use-past-list";
import type { Pass } from "../../live/kept/addresses";
import { laterWithWords } from "../later";

const RoomPastShown = laterWithWords(async () => (await import("./room-past-shown")).RoomPastShown);

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
  const [spread] = useState(() => AFTER_END_MS.least + Math.random() * AFTER_END_MS.spread);
  const list = usePastList(room, pass, hasEnded ? spread : 0);
  if ((list.pasts ?? []).length === 0 && list.clips.length === 0) return null;
  return <RoomPastShown room={room} pass={pass} list={list} />;
}
