import { type CSSProperties, type ReactNode, useState } from "react";
import type { LocalMediaSnapshot } from "../../live/local-media";
import { HostPreview } from "../host-preview";
import { LevelMeter } from "./level-meter";
import styles from "./preview.module.css";

interface PreviewProps {
  snapshot: LocalMediaSnapshot;
  mirror: boolean;
  children?: ReactNode;
}

/** What is sent, in the shape that it has, and beside it how loud it is. */
export function Preview({ snapshot, mirror, children }: PreviewProps) {
  const [shape, setShape] = useState(16 / 9);
  const { audioTrack, audible } = snapshot;
  return (
    <div className={styles.room}>
      <div className={styles.frame} style={{ "--shape": shape } as CSSProperties} data-frame="">
        <HostPreview media={snapshot} mirror={mirror} onShape={setShape} />
        {audioTrack && (
          <div className={styles.meter}>
            <LevelMeter track={audioTrack} on={audible} />
          </div>
        )}
        {children}
      </div>
    </div>
  );
}
