import { ClipboardList } from "lucide-react";
import { deedName } from "../../i18n/admin-text";
import type { Api } from "../../live/admin/api";
import type { AuditEntry } from "../../live/admin/types";
import { useAdmin } from "./context";
import { Empty, Moment, More, Ready, Table } from "./parts";
import { useList } from "./use-resource";

const loadAudit = (api: Api, _: string, cursor: string | null, signal: AbortSignal) =>
  api.list<AuditEntry>("/audit", { cursor }, signal);

/** Who changed what, the last first. */
export function Audit() {
  const { t } = useAdmin();
  const audit = useList<AuditEntry>(loadAudit);
  const byOf = (by: string) =>
    by === "owner" || by === "key" || by === "machine" ? t(`audit.by.${by}`) : by;
  return (
    <>
      <h1>{t("admin.audit")}</h1>
      <Ready of={audit}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty
              icon={<ClipboardList size={32} aria-hidden="true" />}
              title={t("audit.none")}
              text={t("audit.text")}
            />
          ) : (
            <>
              <Table label={t("admin.audit")} tall>
                <thead>
                  <tr>
                    <th scope="col">{t("admin.time")}</th>
                    <th scope="col">{t("audit.deed")}</th>
                    <th scope="col">{t("audit.on")}</th>
                    <th scope="col">{t("audit.by")}</th>
                    <th scope="col">{t("audit.ip")}</th>
                  </tr>
                </thead>
                <tbody>
                  {items.map(({ at, by, ip, deed, on }, index) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: entries have no other name
                    <tr key={index} data-testid="audit-row">
                      <td>
                        <Moment at={at} />
                      </td>
                      <th scope="row">{deedName(t, deed)}</th>
                      <td data-long>{on || "–"}</td>
                      <td>{byOf(by)}</td>
                      <td>{ip ?? "–"}</td>
                    </tr>
                  ))}
                </tbody>
              </Table>
              <More next={next} more={audit.more} />
            </>
          )
        }
      </Ready>
    </>
  );
}
