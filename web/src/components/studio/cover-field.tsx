import { ImageUp } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { coverOf, coverUrl, saveCover } from "../../live/cover";
import { Button } from "../button";
import styles from "./setup-panel.module.css";

/** The picture of the room in lists: what the preview shows when the button is pressed. */
export function CoverField({ studio: { broadcast, snapshot, choice } }: { studio: Studio }) {
  const { t } = useLanguage();
  const [isFailed, setFailed] = useState(false);
  const [isBusy, setBusy] = useState(false);
  const { room } = broadcast;
  const cover = room?.room === choice.parsed ? room?.cover : null;
  const take = async () => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid="host-preview"]');
    const picture = video && (await coverOf(video));
    if (!picture || choice.parsed === null) return;
    setBusy(true);
    setFailed((await saveCover(choice.parsed, picture)) !== null);
    setBusy(false);
  };
  return (
    <div className={styles.cover}>
      {choice.parsed !== null && cover != null ? (
        <img src={coverUrl(choice.parsed, cover)} alt={t("setup.cover")} data-testid="cover" />
      ) : (
        <span className={styles.noCover}>{t("setup.coverNone")}</span>
      )}
      <div>
        <Button
          icon={<ImageUp size={18} />}
          busy={isBusy}
          disabled={!snapshot.videoTrack}
          data-testid="take-cover"
          onClick={() => void take()}
        >
          {t(cover == null ? "setup.coverTake" : "setup.coverAgain")}
        </Button>
        <p className={styles.hint} role="status">
          {isFailed
            ? t("setup.coverFailed")
            : snapshot.videoTrack
              ? ""
              : t("setup.coverNeedsPicture")}
        </p>
      </div>
    </div>
  );
}
