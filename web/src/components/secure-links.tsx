import { useLanguage } from "../hooks/use-language";
import { buttonClass } from "./button";
import styles from "./media-error-card.module.css";

/** Where the page may use the camera: a link where one is known to lead there, else what the server lacks. */
export function SecureLinks() {
  const { t } = useLanguage();
  const { host, port, pathname, search } = location;
  const path = `${pathname}${search}`;
  // A name without a port is that of a proxy, which has HTTPS beside it. A server of ours that has it
  // leads there by itself.
  if (port === "") {
    return (
      <>
        <p>{t("media.insecure.ways")}</p>
        <div className={styles.actions}>
          <a className={buttonClass()} href={`https://${host}${path}`}>
            {t("media.insecure.https")}
          </a>
        </div>
      </>
    );
  }
  const url = `http://localhost:${port}${path}`;
  return <p>{t("media.insecure.way", { url })}</p>;
}
