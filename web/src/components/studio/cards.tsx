import { type ReactNode, useEffect, useState } from "react";
import type { Studio } from "../../hooks/use-studio";
import { useStudioText } from "../../hooks/use-studio-text";
import type { LiveNote } from "../../live/resume";
import { freeRoomLike } from "../../live/room-lookup";
import { roomPath } from "../../live/room-name";
import { Link } from "../../router";
import { Button, buttonClass } from "../button";
import { RoomTakenNotice } from "../room-taken-notice";
import styles from "./cards.module.css";

interface CardProps {
  title: string;
  text?: ReactNode;
  testId: string;
  children: ReactNode;
}

/** Something that the host decides. */
export function Card({ title, text, testId, children }: CardProps) {
  return (
    <section className={styles.card} data-testid={testId}>
      <h2>{title}</h2>
      {text && <p className={styles.text}>{text}</p>}
      <div className={styles.actions}>{children}</div>
    </section>
  );
}

/** The page was closed while it was live: go on, or end. */
export function ResumeCard({ studio, note }: { studio: Studio; note: LiveNote }) {
  const { s } = useStudioText();
  const [isBusy, setBusy] = useState(false);
  const { live } = studio.broadcast.room ?? {};
  const room = note.room;
  const go = async () => {
    setBusy(true);
    await studio.resume();
    setBusy(false);
  };
  const goOn = (words: string) => (
    <Button kind="primary" busy={isBusy} data-testid="resume-go" onClick={() => void go()}>
      {words}
    </Button>
  );
  if (live === "live") {
    return (
      <Card title={s("resume.other", { room })} text={s("resume.otherText")} testId="resume">
        {goOn(s("resume.take"))}
        <Link href={roomPath(room)} className={buttonClass()}>
          {s("taken.watch")}
        </Link>
      </Card>
    );
  }
  return (
    <Card title={ago(note, s)} text={s("resume.text", { room })} testId="resume">
      {goOn(s("resume.go"))}
      <Button data-testid="resume-end" disabled={isBusy} onClick={studio.endNoted}>
        {s("resume.end")}
      </Button>
    </Card>
  );
}

function ago({ at }: LiveNote, s: ReturnType<typeof useStudioText>["s"]): string {
  const seconds = Math.max(1, Math.round((Date.now() - at) / 1000));
  if (seconds < 120) return s("resume.title", { s: seconds });
  return s("resume.titleLong", { time: s("resume.minutes", { n: Math.round(seconds / 60) }) });
}

/** Somebody else is live in the room: watch, or go live in another one. */
export function TakenCard({ studio, room }: { studio: Studio; room: string }) {
  const { s } = useStudioText();
  const free = useFreeRoom(room);
  return (
    <>
      <Card title={s("taken.title", { room })} testId="taken">
        {free && (
          <Button kind="primary" data-testid="taken-use" onClick={() => studio.goLive(free)}>
            {s("taken.use", { room: free })}
          </Button>
        )}
        <Link href={roomPath(room)} className={buttonClass()}>
          {s("taken.watch")}
        </Link>
      </Card>
      <RoomTakenNotice room={room} />
    </>
  );
}

function useFreeRoom(room: string): string | null {
  const [free, setFree] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    // Without an answer there is nothing to propose.
    void freeRoomLike(room, abort.signal).then(setFree, () => undefined);
    return () => abort.abort();
  }, [room]);
  return free;
}

/** Another page took the broadcast over. */
export function ReplacedCard({ studio }: { studio: Studio }) {
  const { s } = useStudioText();
  const { snapshot, media } = studio;
  const back = async () => {
    if (!snapshot.stream) await media.open();
    if (media.getSnapshot().stream) studio.goLive();
  };
  return (
    <Card title={s("replaced.title")} testId="replaced">
      <Button kind="primary" data-testid="take-back" onClick={() => void back()}>
        {s("replaced.back")}
      </Button>
    </Card>
  );
}
