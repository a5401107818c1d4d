import type { ReactNode } from "react";
import { useLanguage } from "../hooks/use-language";
import { mediaWay } from "../i18n/media-way";
import type { MediaErrorCode } from "../live/media-error";
import { Button } from "./button";
import styles from "./media-error-card.module.css";
import { SecureLinks } from "./secure-links";

interface MediaErrorCardProps {
  code: Exclude<MediaErrorCode, "cancelled">;
  /** What helps, where it is not what usually does. */
  way?: string;
  onRetry?: (() => void) | undefined;
  onDismiss?: (() => void) | undefined;
  /** More buttons. */
  children?: ReactNode;
}

/** Nothing that is tried again helps against it; another browser does. */
const HOPELESS: readonly MediaErrorCode[] = ["unsupported"];

/** What is wrong with a camera, a microphone or a screen, and the ways out. */
export function MediaErrorCard({ code, way, onRetry, onDismiss, children }: MediaErrorCardProps) {
  const { t } = useLanguage();
  const retry = code === "device_muted" ? "media.device_muted.restore" : "common.retry";
  return (
    <section className={styles.card} role="alert" data-testid="media-error" data-code={code}>
      <h3>{t(`media.${code}`)}</h3>
      {code === "insecure" ? (
        <SecureLinks />
      ) : (
        <>
          <p>{way ?? mediaWay(t, code)}</p>
          <div className={styles.actions}>
            {children}
            {onRetry && !HOPELESS.includes(code) && (
              <Button data-testid="media-retry" onClick={onRetry}>
                {t(retry)}
              </Button>
            )}
            {onDismiss && (
              <Button kind="outline" onClick={onDismiss}>
                {t("common.close")}
              </Button>
            )}
          </div>
        </>
      )}
    </section>
  );
}
