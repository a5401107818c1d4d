import { useState } from "react";
import { findingName, findingWay, formatKbps } from "../../i18n/admin-text";
import type { Api } from "../../live/admin/api";
import type { Series } from "../../live/admin/series";
import type { History, HistoryPoint, RoomFinding } from "../../live/admin/types";
import { sectionPath } from "../../live/admin/views";
import { Link } from "../../router";
import { SelectField } from "../field";
import { Chart, type Plot } from "./chart";
import { useAdmin } from "./context";
import { Panel, Ready } from "./parts";
import parts from "./parts.module.css";
import styles from "./room.module.css";
import { Filled } from "./room-keys";
import { useResource } from "./use-resource";

const SPANS = [1, 6, 24];
const HOUR_MS = 3_600_000;
const HISTORY_EVERY_MS = 60_000;
const FINDINGS_EVERY_MS = 8_000;

const loadHistory = (api: Api, of: string, signal: AbortSignal) => {
  const [hours, room] = JSON.parse(of) as [number, string];
  return api.get<History>("/history", { room, hours }, signal);
};
const loadFindings = async (api: Api, room: string, signal: AbortSignal) =>
  (await api.list<RoomFinding>("/findings", { limit: 200 }, signal)).items.filter(
    (one) => one.room === room,
  );

/** What is wrong in a room now, and its viewers and bit rates over the last hours. */
export function RoomFigures({ room }: { room: string }) {
  const { t } = useAdmin();
  const [hours, setHours] = useState(6);
  const history = useResource<History>(
    loadHistory,
    JSON.stringify([hours, room]),
    HISTORY_EVERY_MS,
  );
  return (
    <>
      <Findings room={room} />
      {!history.missing && (
        <Panel
          title={t("figures.title")}
          testId="room-figures"
          action={
            <div className={styles.span}>
              <SelectField
                label={t("figures.span")}
                value={hours}
                onChange={(event) => setHours(Number(event.target.value))}
              >
                {SPANS.map((n) => (
                  <option key={n} value={n}>
                    {t("figures.hours", { n })}
                  </option>
                ))}
              </SelectField>
            </div>
          }
        >
          <Ready of={history}>
            {({ rooms, stepS }) => (
              <Curves
                points={rooms.find((one) => one.room === room)?.points ?? []}
                stepMs={stepS * 1000}
                hours={hours}
              />
            )}
          </Ready>
          <Link href={`${sectionPath("broadcasts")}?room=${encodeURIComponent(room)}`}>
            {t("shows.ofRoom", { room })}
          </Link>
        </Panel>
      )}
    </>
  );
}

function Findings({ room }: { room: string }) {
  const { t, say } = useAdmin();
  const findings = useResource<RoomFinding[]>(loadFindings, room, FINDINGS_EVERY_MS);
  if (!findings.data || findings.data.length === 0) return null;
  return (
    <Panel title={t("findings.title")} testId="room-findings">
      <ul className={parts.rows}>
        {findings.data.map(({ code, since, detail }) => (
          <li key={code}>
            <div className={parts.what}>
              <span className={parts.name}>{findingName(t, code)}</span>
              <small>
                <span>{findingWay(say, code, detail)}</span>
                <Filled text={t("findings.since")} at={since} />
              </small>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

interface CurvesProps {
  points: readonly HistoryPoint[];
  stepMs: number;
  hours: number;
}

function Curves({ points, stepMs, hours }: CurvesProps) {
  const { t } = useAdmin();
  const to = Date.now();
  const from = to - hours * HOUR_MS;
  const shown = points.filter(([at]) => at >= from);
  if (shown.length === 0) return <p className={parts.hint}>{t("figures.none")}</p>;
  const plot = (name: string, column: 1 | 2 | 3, format: Plot["format"]): Plot => {
    const series: Series = shown.map((point) => [point[0], point[column]] as const);
    const [top, now] = [Math.max(...series.map(([, value]) => value)), series.at(-1)?.[1] ?? 0];
    return {
      name,
      series,
      format,
      summary: t("figures.at", { top: format(top), now: format(now) }),
    };
  };
  const plots = [
    plot(t("figures.viewers"), 1, String),
    plot(t("figures.in"), 2, formatKbps),
    plot(t("figures.out"), 3, formatKbps),
  ];
  return <Chart {...{ plots, from, to, stepMs }} />;
}
