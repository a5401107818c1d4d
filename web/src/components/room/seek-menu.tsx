import { History, Pause, Play } from "lucide-react";
import type { Back } from "../../hooks/use-back";
import { useLanguage } from "../../hooks/use-language";
import type { Rewind } from "../../live/rewind";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { IconButton } from "../button";
import { Popup } from "../popup";
import { LiveButton } from "./live-button";
import { SeekRow } from "./seek-row";
import styles from "./seek-row.module.css";

interface SeekMenuProps {
  back: Back;
  rewind: Rewind;
  snapshot: ViewerSnapshot;
  onLive: () => void;
}

/** Going back in the broadcast where the picture fills the phone. */
export function SeekMenu({ back, rewind, snapshot, onLive }: SeekMenuProps) {
  const { t } = useLanguage();
  return (
    <Popup label={t("player.seek")} icon={<History size={24} />} look="over" testId="seek-menu">
      <div className={styles.menu}>
        <IconButton
          look="over"
          label={t(back.paused ? "player.play" : "player.pause")}
          onClick={back.togglePlay}
        >
          {back.paused ? <Play size={22} /> : <Pause size={22} />}
        </IconButton>
        <LiveButton
          snapshot={snapshot}
          isBehind={back.paused || back.step !== "live"}
          isDelayed={back.isDelayed}
          onLive={onLive}
        />
        <SeekRow back={back} rewind={rewind} />
      </div>
    </Popup>
  );
}
