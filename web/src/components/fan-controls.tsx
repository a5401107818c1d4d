import {
  ChartNoAxesColumn,
  CircleQuestionMark,
  Expand,
  Maximize,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
  Shrink,
} from "lucide-react";
import type { useFullscreen } from "../hooks/use-fullscreen";
import { useLanguage } from "../hooks/use-language";
import type { PlayerActions } from "../hooks/use-player-keys";
import type { PictureChoice } from "../live/picture-choice";
import type { PlayerSnapshot } from "../live/player";
import type { ViewerSnapshot } from "../live/viewer-snapshot";
import { IconButton } from "./button";
import styles from "./fan-controls.module.css";
import { LiveBadge } from "./live-badge";
import { PictureMenu } from "./picture-menu";
import { VolumeControl } from "./volume-control";

interface FanControlsProps {
  actions: PlayerActions;
  full: ReturnType<typeof useFullscreen>;
  canPip: boolean;
  state: PlayerSnapshot;
  snapshot: ViewerSnapshot;
  onVolume: (volume: number) => void;
  onChoose: (choice: PictureChoice) => void;
}

export function FanControls(props: FanControlsProps) {
  const { actions, full, canPip, state, snapshot } = props;
  const { t } = useLanguage();
  const latencyMs = snapshot.stats?.latencyMs ?? null;
  return (
    <div className={styles.controls} role="toolbar" aria-label={t("player.controls")}>
      <IconButton
        look="over"
        label={t(state.paused ? "player.play" : "player.pause")}
        aria-keyshortcuts="K"
        onClick={actions.togglePlay}
      >
        {state.paused ? <Play size={22} /> : <Pause size={22} />}
      </IconButton>
      <VolumeControl state={state} onMute={actions.toggleMuted} onVolume={props.onVolume} />
      <span className={styles.live}>
        <LiveBadge tone={snapshot.phase === "live" ? "live" : "off"}>{t("watch.live")}</LiveBadge>
        {latencyMs !== null && (
          <span className={styles.latency}>
            {t("watch.latency", { s: (latencyMs / 1000).toFixed(2) })}
          </span>
        )}
      </span>
      <PictureMenu snapshot={snapshot} lines={state.lines} onChoose={props.onChoose} />
      <span className={styles.help}>
        <IconButton
          look="over"
          label={t("player.help")}
          aria-keyshortcuts="?"
          onClick={actions.toggleHelp}
        >
          <CircleQuestionMark size={20} />
        </IconButton>
      </span>
      <IconButton
        look="over"
        label={t("player.stats")}
        aria-keyshortcuts="S"
        onClick={actions.toggleStats}
      >
        <ChartNoAxesColumn size={20} />
      </IconButton>
      {canPip && (
        <IconButton
          look="over"
          label={t("player.pip")}
          aria-keyshortcuts="P"
          onClick={actions.togglePip}
        >
          <PictureInPicture2 size={20} />
        </IconButton>
      )}
      {!full.isFull && (
        <IconButton
          look="over"
          label={t(full.isWeb ? "player.webExit" : "player.web")}
          onClick={full.toggleWeb}
        >
          {full.isWeb ? <Shrink size={20} /> : <Expand size={20} />}
        </IconButton>
      )}
      {full.canFull && (
        <IconButton
          look="over"
          label={t(full.isFull ? "player.fullExit" : "player.full")}
          aria-keyshortcuts="F"
          onClick={actions.toggleFull}
        >
          {full.isFull ? <Minimize size={20} /> : <Maximize size={20} />}
        </IconButton>
      )}
    </div>
  );
}
