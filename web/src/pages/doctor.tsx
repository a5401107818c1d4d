import { RotateCw } from "lucide-react";
import { Button } from "../components/button";
import styles from "../components/doctor.module.css";
import { DoctorDevices } from "../components/doctor-devices";
import { DoctorKey } from "../components/doctor-key";
import { DoctorServer } from "../components/doctor-server";
import { DoctorWays } from "../components/doctor-ways";
import { Marked } from "../components/marked";
import { Notice } from "../components/notice";
import { TopBar } from "../components/top-bar";
import { useCheckup } from "../hooks/use-checkup";
import { useLanguage } from "../hooks/use-language";
import { useStoreOr } from "../hooks/use-store";
import { useTitle } from "../hooks/use-title";
import { problemText } from "../i18n/problem";
import { CHECKUP_START, type CheckupSnapshot, otherDevices } from "../live/doctor/checkup";
import { ALL_PATHS } from "../live/doctor/ways";
import type { DoctorPath } from "../live/protocol";
import { Link } from "../router";

/** Clocks that are further apart are worth a word. */
const CLOCKS_APART_MS = 2_000;

/** Ways that need no right. */
const OPEN_PATHS: readonly DoctorPath[] = ["https", "web_socket"];

/** Every way from this device to the server, tried with media, and how the server is. */
export function DoctorPage() {
  const { t } = useLanguage();
  useTitle(`${t("doctor.title")} · ${t("app.name")}`);
  const checkup = useCheckup();
  const snapshot = useStoreOr(checkup, CHECKUP_START);
  const { right, running, results, report, refused, ticket } = snapshot;
  const mayTry = right === "granted" || (right === "asking" && location.hash.length > 1);
  const devices = otherDevices(snapshot);
  return (
    <>
      <TopBar />
      <main id="main" data-testid="doctor" data-running={running} className={styles.main}>
        <h1>{t("doctor.title")}</h1>
        <p>{t("doctor.lead")}</p>
        <p className={styles.summary} role="status" data-testid="doctor-summary">
          <Summary snapshot={snapshot} />
        </p>
        <section className={styles.section} aria-labelledby="doctor-ways">
          <h2 id="doctor-ways" className="visually-hidden">
            {t("doctor.ways")}
          </h2>
          <DoctorWays paths={mayTry ? ALL_PATHS : OPEN_PATHS} results={results} report={report} />
        </section>
        {right !== "granted" && right !== "asking" && (
          <section className={styles.section} data-testid="doctor-right" data-right={right}>
            <p>
              <Marked text={t(`doctor.right.${right}`)} />
            </p>
            {right !== "no_answer" && (
              <DoctorKey busy={running} onKey={(key) => checkup?.showKey(key)} />
            )}
          </section>
        )}
        {refused && <Notice>{problemText(t, refused)}</Notice>}
        <ClockNotice aheadMs={snapshot.clockAheadMs} />
        <div className={styles.actions}>
          <Button
            kind="outline"
            busy={running}
            icon={<RotateCw size={18} aria-hidden="true" />}
            data-testid="doctor-again"
            onClick={() => checkup?.again()}
          >
            {t("common.retry")}
          </Button>
          <Link href="/">{t("doctor.home")}</Link>
        </div>
        {report && <DoctorServer findings={report.findings} />}
        {(ticket?.pages[0] || devices.length > 0) && (
          <DoctorDevices ticket={ticket} devices={devices} />
        )}
      </main>
    </>
  );
}

function Summary({ snapshot }: { snapshot: CheckupSnapshot }) {
  const { t } = useLanguage();
  const { running, right, results } = snapshot;
  if (running) return t("doctor.running");
  const closed = Object.values(results).filter(({ state }) => state === "closed").length;
  if (closed > 0) return t("doctor.someClosed", { n: closed });
  return t(right === "granted" && !snapshot.refused ? "doctor.allOpen" : "doctor.onlyPages");
}

function ClockNotice({ aheadMs }: { aheadMs: number | null }) {
  const { t } = useLanguage();
  if (aheadMs === null || Math.abs(aheadMs) <= CLOCKS_APART_MS) return null;
  const s = (Math.abs(aheadMs) / 1000).toFixed(0);
  return <Notice>{t(aheadMs > 0 ? "doctor.clock.ahead" : "doctor.clock.behind", { s })}</Notice>;
}
