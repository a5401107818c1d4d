import { CircleAlert, CircleCheck, MicOff, RadioTower, VideoOff } from "lucide-react";
import type { ReactNode } from "react";
import { useLanguage } from "../hooks/use-language";
import { problemText } from "../i18n/problem";
import { SHOWN_TRIES } from "../live/reconnect";
import type { ViewerSnapshot } from "../live/viewer";
import { Button, Spinner } from "./button";
import styles from "./fan-overlay.module.css";
import { Poster } from "./poster";

interface FanOverlayProps {
  room: string;
  snapshot: ViewerSnapshot;
  hasFrame: boolean;
}

/** What the fan is told over the picture, or in its place. */
export function FanOverlay({ room, snapshot, hasFrame }: FanOverlayProps) {
  const { t } = useLanguage();
  const { phase, attempt } = snapshot;
  switch (phase) {
    case "connecting":
      return (
        <>
          {!hasFrame && <Poster room={room} />}
          <div className={styles.progress} />
          <Chip busy text={t("watch.connecting")} />
        </>
      );
    case "waiting":
      return (
        <Card
          room={room}
          icon={<RadioTower size={28} />}
          pulse
          title={t("watch.waiting")}
          text={t("watch.waiting.text")}
        />
      );
    case "ended":
      return (
        <Card
          room={room}
          icon={<CircleCheck size={28} />}
          title={t("watch.ended")}
          text={t("watch.ended.text")}
        />
      );
    case "error":
      return <ErrorCard room={room} snapshot={snapshot} />;
    case "stalled":
      return <Chip busy text={t("watch.stalled")} />;
    case "interrupted":
      return <Chip busy text={t("watch.interrupted")} />;
    case "reconnecting": {
      const n = Math.min(Math.max(attempt, 1), SHOWN_TRIES);
      return (
        <>
          {!hasFrame && <Poster room={room} />}
          <Chip busy text={t("watch.reconnecting", { n, max: SHOWN_TRIES })} />
        </>
      );
    }
    case "live":
      return <LiveNotes room={room} snapshot={snapshot} />;
  }
}

function LiveNotes({ room, snapshot }: { room: string; snapshot: ViewerSnapshot }) {
  const { t } = useLanguage();
  if (snapshot.room?.video === "off") {
    return <Card room={room} icon={<VideoOff size={28} />} title={t("watch.audioOnly")} />;
  }
  if (snapshot.room?.audio === "muted") {
    return <Chip icon={<MicOff size={16} aria-hidden="true" />} text={t("watch.hostMuted")} />;
  }
  return null;
}

function ErrorCard({ room, snapshot }: { room: string; snapshot: ViewerSnapshot }) {
  const { t } = useLanguage();
  const { problem, detail } = snapshot;
  return (
    <Card
      room={room}
      icon={<CircleAlert size={28} />}
      title={t("watch.error")}
      text={problem ? problemText(t, problem, detail) : ""}
    >
      <Button kind="primary" onClick={() => location.reload()}>
        {t("problem.reload")}
      </Button>
    </Card>
  );
}

interface CardProps {
  room: string;
  icon: ReactNode;
  title: string;
  text?: string;
  pulse?: boolean;
  children?: ReactNode;
}

function Card({ room, icon, title, text, pulse = false, children }: CardProps) {
  return (
    <div className={styles.overlay} role="status">
      <Poster room={room} />
      <div className={styles.card}>
        <span className={styles.rings} data-pulse={pulse} aria-hidden="true">
          {icon}
        </span>
        <h2>{title}</h2>
        {text && <p>{text}</p>}
        {children}
      </div>
    </div>
  );
}

function Chip({ text, busy = false, icon }: { text: string; busy?: boolean; icon?: ReactNode }) {
  return (
    <div className={styles.chip} role="status">
      {busy ? <Spinner /> : icon}
      {text}
    </div>
  );
}
