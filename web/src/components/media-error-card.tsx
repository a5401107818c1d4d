import { useLanguage } from "../hooks/use-language";
import type { MediaErrorCode } from "../live/media-error";
import { Button, buttonClass } from "./button";
import styles from "./media-error-card.module.css";

interface MediaErrorCardProps {
  code: MediaErrorCode;
  onRetry?: () => void;
  onDismiss?: () => void;
}

/** Nothing that is tried again helps against these; another address or browser does. */
const HOPELESS: readonly MediaErrorCode[] = ["insecure", "unsupported"];

export function MediaErrorCard({ code, onRetry, onDismiss }: MediaErrorCardProps) {
  const { t } = useLanguage();
  return (
    <section className={styles.card} role="alert" data-testid="media-error" data-code={code}>
      <h3>{t(`media.${code}`)}</h3>
      <p>{t(`media.${code}.way`)}</p>
      <div className={styles.actions}>
        {code === "insecure" && <SecureLinks />}
        {onRetry && !HOPELESS.includes(code) && (
          <Button onClick={onRetry}>{t("common.retry")}</Button>
        )}
        {onDismiss && (
          <Button kind="outline" onClick={onDismiss}>
            {t("common.close")}
          </Button>
        )}
      </div>
    </section>
  );
}

function SecureLinks() {
  const { t } = useLanguage();
  const { host, port, pathname, search } = location;
  const local = `http://localhost${port ? `:${port}` : ""}${pathname}${search}`;
  return (
    <>
      <a className={buttonClass()} href={`https://${host}${pathname}${search}`}>
        {t("media.insecure.https")}
      </a>
      <a className={buttonClass("outline")} href={local}>
        {t("media.insecure.localhost")}
      </a>
    </>
  );
}
