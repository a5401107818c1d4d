import { ImageUp } from "lucide-react";
import { useEffect, useState } from "react";
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
  const [taken, setTaken] = useState<Blob | null>(null);
  const own = useObjectUrl(taken);
  // Of a private room the server sends the cover to the operator alone.
  const isPrivate = (room?.kept?.pass ?? null) !== null;
  const source =
    choice.parsed === null || cover == null
      ? null
      : isPrivate
        ? own
        : coverUrl(choice.parsed, cover);
  const take = async () => {
    const video = document.querySelector<HTMLVideoElement>('[data-testid="host-preview"]');
    const picture = video && (await coverOf(video));
    if (!picture || choice.parsed === null) return;
    setBusy(true);
    const failed = (await saveCover(choice.parsed, picture)) !== null;
    setFailed(failed);
    if (!failed) setTaken(picture);
    setBusy(false);
  };
  return (
    <div className={styles.cover}>
      {source !== null ? (
        <img src={source} alt={t("setup.cover")} data-testid="cover" />
      ) : (
        <span className={styles.noCover} data-testid="no-cover">
          {t(cover == null ? "setup.coverNone" : "setup.coverThere")}
        </span>
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

/** An address of a picture that this page has. */
function useObjectUrl(blob: Blob | null): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (blob === null) return;
    const made = URL.createObjectURL(blob);
    setUrl(made);
    return () => {
      setUrl(null);
      URL.revokeObjectURL(made);
    };
  }, [blob]);
  return url;
}
