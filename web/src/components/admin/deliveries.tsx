import type { Api } from "../../live/admin/api";
import type { Delivery } from "../../live/admin/types";
import { useAdmin } from "./context";
import { Moment, More, Ready, Table } from "./parts";
import parts from "./parts.module.css";
import { Filled } from "./room-keys";
import { useList } from "./use-resource";
import { eventName } from "./webhooks";

const EVERY_MS = 5_000;

const loadDeliveries = (api: Api, hook: string, cursor: string | null, signal: AbortSignal) =>
  api.list<Delivery>(`/webhooks/${encodeURIComponent(hook)}/deliveries`, { cursor }, signal);

const TONES = { waiting: "warn", delivered: "good", failed: "bad" };

/** What was sent to a webhook, the last first, and what it answered. */
export function Deliveries({ hook }: { hook: string }) {
  const { t } = useAdmin();
  const deliveries = useList<Delivery>(loadDeliveries, hook, EVERY_MS);
  return (
    <Ready of={deliveries}>
      {({ items, next }) =>
        items.length === 0 ? (
          <p className={parts.hint}>{t("hooks.noDeliveries")}</p>
        ) : (
          <>
            <Table label={t("hooks.deliveries")}>
              <thead>
                <tr>
                  <th scope="col">{t("admin.time")}</th>
                  <th scope="col">{t("hooks.event")}</th>
                  <th scope="col">{t("mint.room")}</th>
                  <th scope="col">{t("hooks.status")}</th>
                  <th scope="col">{t("hooks.answer")}</th>
                </tr>
              </thead>
              <tbody>
                {items.map((one) => (
                  <tr key={one.id} data-testid="delivery" data-status={one.status}>
                    <td>
                      <Moment at={one.at} />
                    </td>
                    <th scope="row">{eventName(t, one.event)}</th>
                    <td>{one.room ?? "–"}</td>
                    <td>
                      <span className={parts.tag} data-tone={TONES[one.status]}>
                        {t(`hooks.status.${one.status}`)}
                      </span>
                    </td>
                    <td data-long>
                      {one.error || one.code || "–"}
                      {one.tries > 1 && ` · ${t("hooks.tries", { n: one.tries })}`}
                      {one.next != null && (
                        <>
                          {" · "}
                          <Filled text={t("hooks.next")} at={one.next} />
                        </>
                      )}
                    </td>
                  </tr>
                ))}
              </tbody>
            </Table>
            <More next={next} more={deliveries.more} />
          </>
        )
      }
    </Ready>
  );
}
