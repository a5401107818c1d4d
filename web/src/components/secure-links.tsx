import { useEffect, useState } from "react";
import { useLanguage } from "../hooks/use-language";
import { type SecureOrigins, secureOrigins } from "../live/secure-origins";
import { buttonClass } from "./button";
import styles from "./media-error-card.module.css";

const NONE: SecureOrigins = { https: null, local: null };

function useSecureOrigins(): SecureOrigins {
  const [origins, setOrigins] = useState(NONE);
  useEffect(() => {
    const abort = new AbortController();
    void secureOrigins(abort.signal).then((found) => {
      if (!abort.signal.aborted) setOrigins(found);
    });
    return () => abort.abort();
  }, []);
  return origins;
}

/** Where the page may use the camera: links that lead somewhere, else what the server lacks. */
export function SecureLinks() {
  const { t } = useLanguage();
  const { https, local } = useSecureOrigins();
  const path = `${location.pathname}${location.search}`;
  return (
    <>
      <p>{t(https || local ? "media.insecure.ways" : "media.insecure.way")}</p>
      <div className={styles.actions}>
        {https && (
          <a className={buttonClass()} href={`${https}${path}`}>
            {t("media.insecure.https")}
          </a>
        )}
        {local && (
          <a className={buttonClass(https ? "outline" : "quiet")} href={`${local}${path}`}>
            {t("media.insecure.localhost")}
          </a>
        )}
      </div>
    </>
  );
}
