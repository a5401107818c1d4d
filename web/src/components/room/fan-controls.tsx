import {
  Maximize,
  MessageSquareText,
  Minimize,
  Pause,
  PictureInPicture2,
  Play,
} from "lucide-react";
import type { Back } from "../../hooks/use-back";
import { useLanguage } from "../../hooks/use-language";
import type { PlayerActions } from "../../hooks/use-player-keys";
import type { Stage } from "../../hooks/use-stage";
import { useStore } from "../../hooks/use-store";
import type { DanmakuChoice } from "../../live/danmaku/settings";
import type { Viewer } from "../../live/viewer";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { IconButton } from "../button";
import { later, laterWithWords } from "../later";
import styles from "./fan-controls.module.css";
import { GearMenu } from "./gear-menu";
import { LiveButton } from "./live-button";
import { VolumeControl } from "./volume-control";

const BarInput = later(async () => (await import("./bar-input")).BarInput);

const SeekRow = laterWithWords(async () => (await import("./seek-row")).SeekRow);

interface FanControlsProps {
  actions: PlayerActions;
  back: Back;
  stage: Stage;
  snapshot: ViewerSnapshot;
  danmaku: DanmakuChoice;
  viewer: Viewer | null;
  onLive: () => void;
  /** Whether the chat can be seen beside the stage: then the bar leads to its input. */
  chatShown: boolean;
}

export function FanControls(props: FanControlsProps) {
  const { actions, back, stage, snapshot, danmaku, viewer, chatShown } = props;
  const { player, state, full, pip } = stage;
  const { t } = useLanguage();
  const { on } = useStore(danmaku);
  return (
    <div className={styles.controls} role="toolbar" aria-label={t("player.controls")}>
      {back.rewind && <SeekRow back={back} rewind={back.rewind} />}
      <div className={styles.bar}>
        <IconButton
          look="over"
          label={t(back.paused ? "player.play" : "player.pause")}
          aria-keyshortcuts="K"
          onClick={actions.togglePlay}
        >
          {back.paused ? <Play size={22} /> : <Pause size={22} />}
        </IconButton>
        <VolumeControl
          state={state}
          onMute={actions.toggleMuted}
          onVolume={(volume) => player?.setVolume(volume)}
        />
        <LiveButton
          snapshot={snapshot}
          isBehind={back.paused || back.step !== "live"}
          isDelayed={back.isDelayed}
          onLive={props.onLive}
        />
        <span className={styles.say}>
          {chatShown || viewer === null ? (
            <button
              type="button"
              className={styles.toChat}
              aria-keyshortcuts="C"
              onClick={actions.focusChat}
            >
              {t("player.say")}
            </button>
          ) : (
            <BarInput chat={viewer.chat} />
          )}
        </span>
        <IconButton
          look="over"
          label={t(on ? "danmaku.off" : "danmaku.on")}
          aria-keyshortcuts="D"
          aria-pressed={on}
          data-testid="danmaku-switch"
          onClick={actions.toggleDanmaku}
        >
          <span className={styles.danmaku} data-on={on}>
            {t("danmaku.short")}
          </span>
        </IconButton>
        <GearMenu
          actions={actions}
          stage={stage}
          snapshot={snapshot}
          danmaku={danmaku}
          viewer={viewer}
        />
        {pip.canPip && !back.isDelayed && (
          <span className={styles.pip}>
            <IconButton
              look="over"
              label={t("player.pip")}
              aria-keyshortcuts="P"
              onClick={actions.togglePip}
            >
              <PictureInPicture2 size={20} />
            </IconButton>
          </span>
        )}
        {!chatShown && !full.isFull && !full.isWeb && (
          <span className={styles.chat}>
            <IconButton
              look="over"
              label={t("chat.open")}
              data-testid="chat-open"
              onClick={actions.focusChat}
            >
              <MessageSquareText size={20} />
            </IconButton>
          </span>
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
    </div>
  );
}
