import {
  MessageSquare,
  Mic,
  MicOff,
  MonitorUp,
  Share2,
  SlidersHorizontal,
  SwitchCamera,
  Video,
  VideoOff,
} from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { IconButton } from "../button";
import { HostNotices } from "../host-notices";
import { TopBar } from "../top-bar";
import { ResumeCard } from "./cards";
import { GoButton } from "./go-button";
import { FeedCard, HealthPanel, RecordTools } from "./on-air";
import styles from "./phone.module.css";
import { Sheet } from "./sheet";
import { Stage } from "./stage";
import { Status } from "./status";
import { TitleEdit } from "./title-edit";
import { type TabName, Workbench } from "./workbench";

const ChatGlimpse = lazy(async () => ({ default: (await import("./chat-glimpse")).ChatGlimpse }));

/** The studio on a phone: the picture is all, and everything lies over it. */
export function PhoneStudio({ studio, onInvite }: { studio: Studio; onInvite: () => void }) {
  const { t } = useLanguage();
  const { snapshot, broadcast, note, isFed, choice } = studio;
  const [tab, setTab] = useState<TabName | null>(null);
  const isOver = broadcast.phase === "ended";
  const isFull = (snapshot.stream !== null && !isOver) || (isFed && !note);
  const open = (name: TabName) => setTab(name);
  return (
    <div className={styles.page} data-full={isFull}>
      {!isFull && <TopBar />}
      <main id="main" className={styles.main}>
        {isFull && <h1 className="visually-hidden">{t("host.title")}</h1>}
        {note && <ResumeCard studio={studio} note={note} />}
        <div className={styles.stage}>
          <Stage studio={studio} onObs={() => open("obs")} />
        </div>
        {/* What is read aloud has its place before its words, and after them. */}
        <div className={isFull ? styles.top : "visually-hidden"}>
          <div className={styles.line}>
            <Status broadcast={broadcast} isFed={isFed} />
            {broadcast.phase === "live" && <HealthPanel broadcast={broadcast} />}
          </div>
          {isFull && <TitleEdit title={studio.title} onSave={studio.setTitle} />}
        </div>
        {isFull && (
          <div className={styles.rail}>
            <Rail studio={studio} />
            {choice.parsed !== null && (
              <IconButton
                label={t("bar.invite")}
                look="over"
                data-testid="invite"
                onClick={onInvite}
              >
                <Share2 size={24} />
              </IconButton>
            )}
            <IconButton
              label={t("bar.chat")}
              look="over"
              data-testid="open-chat"
              onClick={() => open("chat")}
            >
              <MessageSquare size={24} />
            </IconButton>
            <IconButton
              label={t("bar.settings")}
              look="over"
              data-testid="settings"
              onClick={() => open("setup")}
            >
              <SlidersHorizontal size={24} />
            </IconButton>
          </div>
        )}
        <div className={styles.bottom}>
          {isFull && (
            <div className={styles.glimpse}>
              <Suspense fallback={null}>
                <ChatGlimpse chat={studio.publisher.chat} />
              </Suspense>
            </div>
          )}
          <div className={styles.notices} aria-live="polite">
            <HostNotices studio={studio} />
          </div>
          {isFed && !note && !snapshot.stream && <FeedCard studio={studio} />}
          {snapshot.stream && !isOver && (
            <div className={styles.go}>
              <GoButton studio={studio} />
              <RecordTools studio={studio} look="over" />
            </div>
          )}
          {isFed && !note && !snapshot.stream && (
            <div className={styles.tools}>
              <RecordTools studio={studio} look="over" />
            </div>
          )}
        </div>
      </main>
      {tab !== null && (
        <Sheet title={t("phone.sheet")} onClose={() => setTab(null)}>
          <Workbench studio={studio} tab={tab} onTab={setTab} />
        </Sheet>
      )}
    </div>
  );
}

function Rail({ studio: { media, snapshot } }: { studio: Studio }) {
  const { t } = useLanguage();
  const { source, videoTrack, cameras, microphone, audioOn, videoOn } = snapshot;
  const isCamera = source === "camera" && videoTrack !== null;
  const canShare = snapshot.stream !== null && "getDisplayMedia" in navigator.mediaDevices;
  return (
    <>
      {isCamera && cameras.length > 1 && (
        <IconButton
          label={t("host.camera.flip")}
          look="over"
          data-testid="flip-camera"
          onClick={() => void media.flip()}
        >
          <SwitchCamera size={24} />
        </IconButton>
      )}
      {microphone && (
        <IconButton
          label={t(audioOn ? "host.mic.off" : "host.mic.on")}
          look="over"
          off={!audioOn}
          onClick={() => media.setAudioOn(!audioOn)}
        >
          {audioOn ? <Mic size={24} /> : <MicOff size={24} />}
        </IconButton>
      )}
      {isCamera && (
        <IconButton
          label={t(videoOn ? "host.cam.off" : "host.cam.on")}
          look="over"
          off={!videoOn}
          onClick={() => media.setVideoOn(!videoOn)}
        >
          {videoOn ? <Video size={24} /> : <VideoOff size={24} />}
        </IconButton>
      )}
      {canShare && source !== "screen" && (
        <IconButton
          label={t("host.screen.start")}
          look="over"
          data-testid="share-screen"
          onClick={() => void media.shareScreen()}
        >
          <MonitorUp size={24} />
        </IconButton>
      )}
      {source === "screen" && (
        <IconButton
          label={t(snapshot.cameraBehind ? "host.screen.toCamera" : "host.screen.stop")}
          look="over"
          off
          data-testid="stop-screen"
          onClick={() => media.stopScreen()}
        >
          <MonitorUp size={24} />
        </IconButton>
      )}
    </>
  );
}
