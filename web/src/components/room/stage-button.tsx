import { Handshake } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import { useStore } from "../../hooks/use-store";
import type { Viewer } from "../../live/viewer";
import type { ViewerSnapshot } from "../../live/viewer-snapshot";
import { Button } from "../button";
import styles from "./room-info.module.css";

/** Asks to come on stage (连麦); there while the host lets people ask. */
export function StageButton({ viewer, snapshot }: { viewer: Viewer; snapshot: ViewerSnapshot }) {
  const { t } = useLanguage();
  const { step } = useStore(viewer.stage);
  const { name } = useStore(viewer.chat);
  const isOpen = snapshot.room?.stage.open ?? false;
  const isLive = snapshot.room?.live === "live";
  if (!isOpen || !isLive || step === "asked" || step === "accepted") return null;
  const ask = () => {
    if (name === null) viewer.chat.askName(() => viewer.stage.ask());
    else viewer.stage.ask();
  };
  return (
    <Button icon={<Handshake size={18} />} data-testid="stage-ask" onClick={ask}>
      <span className={styles.word}>{t("cast.ask")}</span>
    </Button>
  );
}
