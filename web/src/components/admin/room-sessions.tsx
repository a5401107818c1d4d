import { UserX } from "lucide-react";
import { useState } from "react";
import { layerName } from "../../i18n/admin-text";
import type { Api } from "../../live/admin/api";
import type { RoomSession } from "../../live/admin/types";
import { IconButton } from "../button";
import { useAdmin } from "./context";
import { Confirm } from "./dialogs";
import { Moment, More, Panel, Ready, Table } from "./parts";
import parts from "./parts.module.css";
import { useList } from "./use-resource";

const EVERY_MS = 5_000;

const loadSessions = (api: Api, room: string, cursor: string | null, signal: AbortSignal) =>
  api.list<RoomSession>(`/rooms/${encodeURIComponent(room)}/sessions`, { cursor }, signal);

/** Who is in the room now, where each loses, and the door for who has to go. */
export function RoomSessions({ room }: { room: string }) {
  const { t, api } = useAdmin();
  const sessions = useList<RoomSession>(loadSessions, room, EVERY_MS);
  const [ask, setAsk] = useState<RoomSession | null>(null);
  const nameOf = ({ name, role }: RoomSession) => name || t(`people.role.${role}`);
  if (sessions.missing) return null;
  return (
    <Panel title={t("people.title")} testId="room-sessions">
      <Ready of={sessions}>
        {({ items, next }) =>
          items.length === 0 ? (
            <p className={parts.hint}>{t("people.none")}</p>
          ) : (
            <>
              <Table label={t("people.title")}>
                <thead>
                  <tr>
                    <th scope="col">{t("people.person")}</th>
                    <th scope="col">{t("people.where")}</th>
                    <th scope="col">{t("people.layer")}</th>
                    <th scope="col">{t("people.rtt")}</th>
                    <th scope="col">{t("people.loss")}</th>
                    <th scope="col">{t("people.freezes")}</th>
                    <th scope="col">{t("people.since")}</th>
                    <th scope="col">
                      <span className="visually-hidden">{t("people.act")}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {items.map((session) => (
                    <Row
                      key={session.id}
                      session={session}
                      name={nameOf(session)}
                      onKick={() => setAsk(session)}
                    />
                  ))}
                </tbody>
              </Table>
              <More next={next} more={sessions.more} />
            </>
          )
        }
      </Ready>
      {ask && (
        <Confirm
          title={t("people.kickTitle", { name: nameOf(ask) })}
          text={t("people.kickText")}
          go={t("people.kick")}
          onGo={async () => {
            const path = `/rooms/${encodeURIComponent(room)}/sessions`;
            await api.delete(`${path}/${encodeURIComponent(ask.id)}`);
            await sessions.reload();
          }}
          onClose={() => setAsk(null)}
        />
      )}
    </Panel>
  );
}

const DOORS = { ws: "Web", whip: "WHIP", whep: "WHEP" };

interface RowProps {
  session: RoomSession;
  name: string;
  onKick: () => void;
}

function Row({ session, name, onKick }: RowProps) {
  const { t } = useAdmin();
  const { role, where, layer, rttMs, lossPct, freezes, door, network, joined } = session;
  const roleName = t(`people.role.${role}`);
  return (
    <tr data-testid="session-row" data-role={role}>
      <th scope="row">
        {name}
        <small className={parts.below}>
          {[name === roleName ? null : roleName, DOORS[door] ?? door, network]
            .filter(Boolean)
            .join(" · ")}
        </small>
      </th>
      <td>
        <span className={parts.tag} data-tone={where ? "warn" : "good"}>
          {t(where ? `people.where.${where}` : "people.fine")}
        </span>
      </td>
      <td>{layer ? layerName(t, layer) : "–"}</td>
      <td>{rttMs == null ? "–" : `${Math.round(rttMs)} ms`}</td>
      <td>{lossPct == null ? "–" : `${lossPct.toFixed(1)} %`}</td>
      <td>{freezes ?? "–"}</td>
      <td>
        <Moment at={joined} />
      </td>
      <td>
        <IconButton label={`${t("people.kick")} ${name}`} data-testid="kick" onClick={onKick}>
          <UserX size={18} />
        </IconButton>
      </td>
    </tr>
  );
}
