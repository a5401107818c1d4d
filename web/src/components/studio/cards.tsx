import { type ReactNode, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import type { Translate } from "../../i18n/language";
import type { LiveNote } from "../../live/resume";
import { roomPath } from "../../live/room-name";
import { Link } from "../../router";
import { Button, buttonClass } from "../button";
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
  const { t } = useLanguage();
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
      <Card title={t("resume.other", { room })} text={t("resume.otherText")} testId="resume">
        {goOn(t("resume.take"))}
        <Link href={roomPath(room)} className={buttonClass()}>
          {t("taken.watch")}
        </Link>
      </Card>
    );
  }
  return (
    <Card title={ago(note, t)} text={t("resume.text", { room })} testId="resume">
      {goOn(t("resume.go"))}
      <Button data-testid="resume-end" disabled={isBusy} onClick={studio.endNoted}>
        {t("resume.end")}
      </Button>
    </Card>
  );
}

function ago({ at }: LiveNote, t: Translate): string {
  const seconds = Math.max(1, Math.round((Date.now() - at) / 1000));
  if (seconds < 120) return t("resume.title", { s: seconds });
  return t("resume.titleLong", { time: t("resume.minutes", { n: Math.round(seconds / 60) }) });
}
