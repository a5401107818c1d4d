import { Radio } from "lucide-react";
import { useState } from "react";
import { formatCount, formatDuration } from "../../i18n/format";
import type { Api } from "../../live/admin/api";
import type { BroadcastSummary } from "../../live/admin/types";
import { broadcastPath, sectionPath } from "../../live/admin/views";
import { renameEntry } from "../../navigation";
import { Link } from "../../router";
import { Button } from "../button";
import styles from "./broadcasts.module.css";
import { useAdmin } from "./context";
import { Empty, Moment, More, Ready } from "./parts";
import parts from "./parts.module.css";
import rooms from "./rooms.module.css";
import { useList } from "./use-resource";

const loadBroadcasts = (api: Api, room: string, cursor: string | null, signal: AbortSignal) =>
  api.list<BroadcastSummary>("/broadcasts", { room, cursor }, signal);

/** The broadcasts that were, the last first; each leads to its page. */
export function Broadcasts() {
  const { t } = useAdmin();
  const [room, setRoom] = useState(() => new URLSearchParams(location.search).get("room") ?? "");
  const broadcasts = useList<BroadcastSummary>(loadBroadcasts, room);
  const showAll = () => {
    setRoom("");
    renameEntry(sectionPath("broadcasts"));
  };
  return (
    <>
      <div className={rooms.head}>
        <h1>{room === "" ? t("admin.broadcasts") : t("shows.ofRoom", { room })}</h1>
        {room !== "" && <Button onClick={showAll}>{t("shows.allRooms")}</Button>}
      </div>
      <Ready of={broadcasts}>
        {({ items, next }) =>
          items.length === 0 ? (
            <Empty
              icon={<Radio size={32} aria-hidden="true" />}
              title={t(room === "" ? "shows.empty" : "shows.emptyRoom")}
              text={t("shows.emptyText")}
            />
          ) : (
            <>
              <ul className={styles.list}>
                {items.map((one) => (
                  <li key={one.id}>
                    <Row broadcast={one} />
                  </li>
                ))}
              </ul>
              <More next={next} more={broadcasts.more} />
            </>
          )
        }
      </Ready>
    </>
  );
}

function Row({ broadcast }: { broadcast: BroadcastSummary }) {
  const { t, language } = useAdmin();
  const { id, room, title, began, ended, peak, joins } = broadcast;
  return (
    <Link href={broadcastPath(id)} className={styles.row} data-testid="broadcast-row">
      <span className={parts.what}>
        <span className={parts.name} dir="auto">
          {title || room}
        </span>
        <small>
          {title && <span>{room}</span>}
          <Moment at={began} />
        </small>
      </span>
      <dl className={styles.figures}>
        <div>
          <dt>{t("shows.duration")}</dt>
          <dd>{ended == null ? t("shows.onAir") : formatDuration(ended - began)}</dd>
        </div>
        <div>
          <dt>{t("shows.peak")}</dt>
          <dd>{formatCount(peak, language)}</dd>
        </div>
        <div>
          <dt>{t("shows.joins")}</dt>
          <dd>{formatCount(joins, language)}</dd>
        </div>
      </dl>
    </Link>
  );
}
