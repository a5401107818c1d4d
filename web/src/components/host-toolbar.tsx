import {
  Mic,
  MicOff,
  MonitorOff,
  MonitorUp,
  Radio,
  SwitchCamera,
  Video,
  VideoOff,
} from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import type { LocalMedia, LocalMediaSnapshot } from "../live/local-media";
import type { PublisherSnapshot } from "../live/publisher";
import { Button, IconButton } from "./button";
import styles from "./host-toolbar.module.css";

interface HostToolbarProps {
  media: LocalMedia;
  snapshot: LocalMediaSnapshot;
  phase: PublisherSnapshot["phase"];
  onGoLive: () => void;
  onEnd: () => void;
}

export function HostToolbar({ media, snapshot, phase, onGoLive, onEnd }: HostToolbarProps) {
  const { t } = useLanguage();
  const { audioTrack, videoTrack, audioOn, videoOn } = snapshot;
  return (
    <div className={styles.toolbar}>
      {audioTrack && (
        <IconButton
          look="round"
          off={!audioOn}
          label={t(audioOn ? "host.mic.off" : "host.mic.on")}
          onClick={() => media.setAudioOn(!audioOn)}
        >
          {audioOn ? <Mic size={22} /> : <MicOff size={22} />}
        </IconButton>
      )}
      {videoTrack && (
        <IconButton
          look="round"
          off={!videoOn}
          label={t(videoOn ? "host.cam.off" : "host.cam.on")}
          onClick={() => media.setVideoOn(!videoOn)}
        >
          {videoOn ? <Video size={22} /> : <VideoOff size={22} />}
        </IconButton>
      )}
      <SourceButtons media={media} snapshot={snapshot} />
      <div className={styles.main}>
        {phase === "live" ? (
          <Button kind="danger" large data-testid="end-live" onClick={onEnd}>
            {t("host.end")}
          </Button>
        ) : (
          <Button
            kind="primary"
            large
            busy={phase === "connecting"}
            disabled={!audioTrack && !videoTrack}
            icon={<Radio size={20} />}
            data-testid="go-live"
            onClick={onGoLive}
          >
            {t(phase === "connecting" ? "host.connecting" : "host.go")}
          </Button>
        )}
      </div>
    </div>
  );
}

function SourceButtons({ media, snapshot }: Pick<HostToolbarProps, "media" | "snapshot">) {
  const { t } = useLanguage();
  const { source, cameraBehind, cameras, videoTrack } = snapshot;
  if (source === "screen") {
    const label = t(cameraBehind ? "host.screen.toCamera" : "host.screen.stop");
    return (
      <IconButton
        look="round"
        data-testid="stop-screen"
        label={label}
        onClick={() => media.stopScreen()}
      >
        <MonitorOff size={22} />
      </IconButton>
    );
  }
  return (
    <>
      {"getDisplayMedia" in navigator.mediaDevices && (
        <IconButton
          look="round"
          data-testid="share-screen"
          label={t("host.screen.start")}
          onClick={() => void media.shareScreen()}
        >
          <MonitorUp size={22} />
        </IconButton>
      )}
      {videoTrack && cameras.length > 1 && (
        <IconButton
          look="round"
          data-testid="flip-camera"
          label={t("host.camera.flip")}
          onClick={() => void media.flip()}
        >
          <SwitchCamera size={22} />
        </IconButton>
      )}
    </>
  );
}
