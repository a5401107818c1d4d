import { Stethoscope } from "lucide-react";
import { useEffect, useState } from "react";
import { withBase } from "../../live/base-path";
import type { DoctorReport } from "../../live/protocol";
import { Link } from "../../router";
import { buttonClass } from "../button";
import { DoctorServer } from "../doctor-server";
import { useAdmin } from "./context";
import { Panel } from "./parts";
import parts from "./parts.module.css";

/** How the server's machine is; null where the server does not tell. */
function useReport(): DoctorReport | null {
  const [report, setReport] = useState<DoctorReport | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    fetch(withBase("/api/doctor"), { signal: abort.signal })
      .then(async (response) => {
        if (response.ok) setReport((await response.json()) as DoctorReport);
      })
      .catch(() => undefined);
    return () => abort.abort();
  }, []);
  return report;
}

/** What keeps others from this server, and the page that tries every way from here. */
export function Doctor() {
  const { t } = useAdmin();
  const report = useReport();
  return (
    <>
      <h1>{t("admin.doctor")}</h1>
      <Panel
        title={t("doctor.machine")}
        action={
          <Link href="/doctor" className={buttonClass("primary")}>
            <Stethoscope size={18} aria-hidden="true" />
            {t("doctor.open")}
          </Link>
        }
      >
        <p className={parts.hint}>{t("doctor.text")}</p>
        {report && <DoctorServer findings={report.findings} />}
      </Panel>
    </>
  );
}
