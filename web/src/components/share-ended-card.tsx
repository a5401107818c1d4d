import { Camera, MonitorUp } from "lucide-react";
import { useLanguage } from "../hooks/use-language";
import type { LocalMedia } from "../live/local-media";
import { Button } from "./button";
import styles from "./media-error-card.module.css";

/** The share has ended and nothing is shown: the host says what comes in its place. */
export function ShareEndedCard({ media, live }: { media: LocalMedia; live: boolean }) {
  const { t } = useLanguage();
  return (
    <section className={styles.card} role="alert" data-testid="share-ended">
      <h3>{t("host.shareEnded")}</h3>
      <p>{t(live ? "host.shareEnded.live" : "host.shareEnded.text")}</p>
      <div className={styles.actions}>
        <Button icon={<MonitorUp size={18} />} onClick={() => void media.shareScreen()}>
          {t("host.shareEnded.again")}
        </Button>
        <Button icon={<Camera size={18} />} onClick={() => void media.showCamera()}>
          {t("host.shareEnded.camera")}
        </Button>
      </div>
    </section>
  );
}
