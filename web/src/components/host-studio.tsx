import { useEffect, useState } from "react";
import type { Host } from "../hooks/use-host";
import { useLanguage } from "../hooks/use-language";
import { useLeaveGuard } from "../hooks/use-leave-guard";
import { useOnAir } from "../hooks/use-on-air";
import { useRoomChoice } from "../hooks/use-room-choice";
import { useStore } from "../hooks/use-store";
import { DevicePanel } from "./device-panel";
import { EndDialog } from "./end-dialog";
import { HostEnded } from "./host-ended";
import { HostNotices } from "./host-notices";
import { HostPrepare } from "./host-prepare";
import { HostPreview } from "./host-preview";
import { HostStatus } from "./host-status";
import styles from "./host-studio.module.css";
import { HostToolbar } from "./host-toolbar";
import { KeyDialog } from "./key-dialog";
import { RoomPanel } from "./room-panel";
import { SharePanel } from "./share-panel";

/** Prepare, preview, live, ended: one after the other. */
export function HostStudio({ media, publisher }: Host) {
  const { t, language } = useLanguage();
  const snapshot = useStore(media);
  const broadcast = useStore(publisher);
  const choice = useRoomChoice();
  const [mirror, setMirror] = useState(true);
  const [isEnding, setEnding] = useState(false);
  const { phase, problem } = broadcast;
  const leaving = useLeaveGuard(phase === "live");
  useOnAir(phase === "live");
  useEffect(() => {
    if (phase !== "live") setEnding(false);
  }, [phase]);

  const goLive = () => {
    const room = choice.confirm();
    if (room !== null) publisher.goLive({ room, name: choice.name.trim(), lang: language });
  };
  const end = () => {
    publisher.end();
    media.release();
    leaving.go?.();
  };
  const stay = () => {
    setEnding(false);
    leaving.stay();
  };
  const again = () => {
    publisher.reset();
    // Who shared a screen only is asked again what to show.
    if (snapshot.source === "camera") void media.open();
  };

  const needsKey = problem === "auth_required" || problem === "auth_bad";
  return (
    <>
      <HostStatus publisher={broadcast} />
      {phase === "ended" && <HostEnded publisher={broadcast} onAgain={again} />}
      {phase !== "ended" && !snapshot.stream && <HostPrepare media={media} snapshot={snapshot} />}
      {phase !== "ended" && snapshot.stream && (
        <div className={styles.studio}>
          <h1 className="visually-hidden">{t("host.title")}</h1>
          <div className={styles.stage}>
            <HostPreview media={snapshot} mirror={mirror} />
            <HostNotices media={media} snapshot={snapshot} publisher={broadcast} />
            <HostToolbar
              media={media}
              snapshot={snapshot}
              phase={phase}
              onGoLive={goLive}
              onEnd={() => setEnding(true)}
            />
          </div>
          <div className={styles.side}>
            {phase !== "live" && (
              <RoomPanel
                room={choice.room}
                name={choice.name}
                invalid={choice.invalid}
                locked={phase === "connecting"}
                onRoom={choice.setRoom}
                onName={choice.setName}
              />
            )}
            {choice.parsed !== null && <SharePanel room={choice.parsed} />}
            <DevicePanel media={media} snapshot={snapshot} mirror={mirror} onMirror={setMirror} />
          </div>
        </div>
      )}
      {needsKey && (
        <KeyDialog
          wrong={problem === "auth_bad"}
          onSaved={goLive}
          onClose={() => publisher.reset()}
        />
      )}
      {phase === "live" && (isEnding || leaving.go) && (
        <EndDialog
          viewers={broadcast.viewers}
          leaving={leaving.go !== null}
          onConfirm={end}
          onClose={stay}
        />
      )}
    </>
  );
}
