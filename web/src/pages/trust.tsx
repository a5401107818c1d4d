import { Download } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";
import { buttonClass } from "../components/button";
import { TopBar } from "../components/top-bar";
import { useLanOrigins } from "../hooks/use-lan-origins";
import { useLanguage } from "../hooks/use-language";
import { useTitle } from "../hooks/use-title";
import type { Key } from "../i18n/zh";
import { withBase } from "../live/base-path";
import styles from "./trust.module.css";

const QrCode = lazy(async () => ({ default: (await import("../components/qr-code")).QrCode }));

const PEM = "/trust/kaibo.pem";
const DER = "/trust/kaibo.crt";

const DEVICES: { title: Key; steps: Key[]; file: string }[] = [
  { title: "trust.ios", steps: ["trust.ios.1", "trust.ios.2", "trust.ios.3"], file: PEM },
  { title: "trust.android", steps: ["trust.android.1", "trust.android.2"], file: DER },
  {
    title: "trust.desktop",
    steps: ["trust.desktop.1", "trust.desktop.2", "trust.desktop.3"],
    file: DER,
  },
];

/** Whether the server has a certificate authority of its own; null until it has answered. */
function useHasAuthority(): boolean | null {
  const [has, setHas] = useState<boolean | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    fetch(withBase(PEM), { method: "HEAD", signal: abort.signal })
      .then((response) => setHas(response.ok))
      .catch(() => undefined);
    return () => abort.abort();
  }, []);
  return has;
}

/** How a device learns to trust a server with a certificate of its own. */
export function TrustPage() {
  const { t } = useLanguage();
  useTitle(`${t("trust.title")} · ${t("app.name")}`);
  const has = useHasAuthority();
  const origins = useLanOrigins();
  const secure = (origins[0] ?? location.origin).replace(/^http:/, "https:");
  // A phone that does not trust the server yet opens the page over plain HTTP.
  const here = secure.replace(/^https:/, "http:") + withBase("/trust");
  return (
    <>
      <TopBar />
      <main id="main" data-testid="trust" className={styles.main}>
        <h1>{t("trust.title")}</h1>
        {has === false && <p>{t("trust.none")}</p>}
        {has === true && (
          <>
            <p>{t("trust.text")}</p>
            <figure className={styles.scan}>
              <Suspense fallback={null}>
                <QrCode text={here} label={t("trust.qrAlt")} />
              </Suspense>
              <figcaption>
                {t("trust.scan")}
                <br />
                <code data-testid="trust-here">{here}</code>
              </figcaption>
            </figure>
            <div className={styles.devices}>
              {DEVICES.map(({ title, steps, file }) => (
                <section key={title} aria-labelledby={title}>
                  <h2 id={title}>{t(title)}</h2>
                  <ol>
                    {steps.map((step) => (
                      <li key={step}>{t(step)}</li>
                    ))}
                  </ol>
                  <a href={withBase(file)} download className={buttonClass("outline")}>
                    <Download size={18} aria-hidden="true" />
                    {t("trust.download")}
                  </a>
                </section>
              ))}
            </div>
            <p>
              <a href={secure + withBase("/")}>
                {t("trust.open", { url: secure + withBase("/") })}
              </a>
            </p>
          </>
        )}
      </main>
    </>
  );
}
