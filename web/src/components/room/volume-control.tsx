import { Volume1, Volume2, VolumeX } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import type { PlayerSnapshot } from "../../live/player";
import { IconButton } from "../button";
import styles from "./fan-controls.module.css";

interface VolumeControlProps {
  state: PlayerSnapshot;
  onMute: () => void;
  onVolume: (volume: number) => void;
}

export function VolumeControl({ state, onMute, onVolume }: VolumeControlProps) {
  const { t } = useLanguage();
  const volume = state.muted ? 0 : state.volume;
  const Icon = volume === 0 ? VolumeX : volume < 0.5 ? Volume1 : Volume2;
  return (
    <span className={styles.volume}>
      <IconButton
        look="over"
        label={t(state.muted ? "player.unmute" : "player.mute")}
        aria-keyshortcuts="M"
        onClick={onMute}
      >
        <Icon size={22} />
      </IconButton>
      <input
        className={styles.slider}
        type="range"
        min={0}
        max={1}
        step={0.05}
        value={volume}
        aria-label={t("player.volume")}
        onChange={(event) => onVolume(Number(event.target.value))}
      />
    </span>
  );
}
