import { ArrowLeft, Download } from "lucide-react";
import type { ReactNode } from "react";
import { findingName, formatClock, formatKbps } from "../../i18n/admin-text";
import { formatCount, formatDuration, formatMs } from "../../i18n/format";
import type { Api } from "../../live/admin/api";
import type { Series } from "../../live/admin/series";
import { type Broadcast, FAULTS } from "../../live/admin/types";
import { adminRoomPath, sectionPath } from "../../live/admin/views";
import { download } from "../../live/download";
import { Link } from "../../router";
import { Button } from "../button";
import styles from "./broadcasts.module.css";
import { Chart } from "./chart";
import { useAdmin } from "./context";
import { Moment, Panel, Ready } from "./parts";
import parts from "./parts.module.css";
import room from "./room.module.css";
import rooms from "./rooms.module.css";
import { useResource } from "./use-resource";

const MINUTE_MS = 60_000;

const loadBroadcast = (api: Api, id: string, signal: AbortSignal) =>
  api.get<Broadcast>(`/broadcasts/${encodeURIComponent(id)}`, {}, signal);

/** How a broadcast went: who came, what they saw, and whose fault it was when it stood still. */
export function BroadcastView({ id }: { id: string }) {
  const { t } = useAdmin();
  const broadcast = useResource<Broadcast>(loadBroadcast, id);
  return (
    <>
      <Link href={sectionPath("broadcasts")} className={room.back}>
        <ArrowLeft size={18} aria-hidden="true" />
        {t("shows.back")}
      </Link>
      <Ready of={broadcast}>{(data) => <Known broadcast={data} />}</Ready>
    </>
  );
}

function Known({ broadcast }: { broadcast: Broadcast }) {
  const { t } = useAdmin();
  const save = () => {
    const json = `${JSON.stringify(broadcast, null, 2)}\n`;
    const day = new Date(broadcast.began).toISOString().slice(0, 10);
    const name = `kaibo-${broadcast.room}-${day}-${broadcast.id}.json`;
    download(name, new TextEncoder().encode(json), "application/json");
  };
  return (
    <>
      <div className={rooms.head}>
        <div>
          <h1 dir="auto">{broadcast.title || broadcast.room}</h1>
          <p className={parts.hint}>
            <Link href={adminRoomPath(broadcast.room)}>{broadcast.room}</Link>
            {" · "}
            <Moment at={broadcast.began} />
          </p>
        </div>
        <Button icon={<Download size={18} />} data-testid="download" onClick={save}>
          {t("shows.download")}
        </Button>
      </div>
      <Facts broadcast={broadcast} />
      <Timeline broadcast={broadcast} />
      <div className={styles.pair}>
        <Freezes broadcast={broadcast} />
        <Layers broadcast={broadcast} />
        <Interruptions broadcast={broadcast} />
        <Findings broadcast={broadcast} />
      </div>
    </>
  );
}

function lengthOf({ durationS, began, ended }: Broadcast): number {
  if (durationS !== undefined) return durationS * 1000;
  return (ended ?? Date.now()) - began;
}

function Facts({ broadcast }: { broadcast: Broadcast }) {
  const { t, language } = useAdmin();
  const { peak, joins, latencyMs, freezes } = broadcast;
  const facts: [label: string, value: ReactNode, note?: string][] = [
    [t("shows.duration"), formatDuration(lengthOf(broadcast))],
    [t("shows.peak"), formatCount(peak, language)],
    [t("shows.joins"), formatCount(joins, language)],
  ];
  if (latencyMs) {
    facts.push([t("shows.latency"), formatMs(latencyMs.p50)]);
    facts.push([t("shows.latency95"), formatMs(latencyMs.p95)]);
  }
  if (freezes) {
    const note = t("shows.perHour", { n: freezes.perHour.toFixed(1) });
    facts.push([t("shows.freezes"), formatCount(freezes.n, language), note]);
  }
  return (
    <dl className={styles.facts} data-testid="facts">
      {facts.map(([label, value, note]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {value}
            {note && <small>{note}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Timeline({ broadcast }: { broadcast: Broadcast }) {
  const { t } = useAdmin();
  const { timeline = [], began, interruptions = [] } = broadcast;
  const viewers: Series = timeline.map(({ at, viewers }) => [at, viewers]);
  const kbps: Series = timeline.map(({ at, kbps }) => [at, kbps]);
  const top = (series: Series) => Math.max(0, ...series.map(([, value]) => value));
  return (
    <Panel title={t("shows.timeline")} testId="timeline">
      {timeline.length < 2 ? (
        <p className={parts.hint}>{t("shows.timelineNone")}</p>
      ) : (
        <Chart
          plots={[
            {
              name: t("figures.viewers"),
              series: viewers,
              format: String,
              summary: t("figures.top", { top: top(viewers) }),
            },
            {
              name: t("shows.kbps"),
              series: kbps,
              format: formatKbps,
              summary: t("figures.top", { top: formatKbps(top(kbps)) }),
            },
          ]}
          from={timeline[0]?.at ?? began}
          to={timeline.at(-1)?.at ?? began}
          stepMs={MINUTE_MS}
          marks={interruptions.map(({ at, forS }) => ({ at, forMs: forS * 1000 }))}
        />
      )}
    </Panel>
  );
}

interface Share {
  name: string;
  words: string;
  /** 0 to 1. */
  share: number;
}

function Bars({ shares }: { shares: readonly Share[] }) {
  return (
    <ul className={styles.bars}>
      {shares.map(({ name, words, share }) => (
        <li key={name}>
          <span>{name}</span>
          <strong>{words}</strong>
          <svg className={styles.bar} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden>
            <rect width={Math.max(share > 0 ? 1 : 0, share * 100)} height={8} />
          </svg>
        </li>
      ))}
    </ul>
  );
}

function Freezes({ broadcast: { freezes } }: { broadcast: Broadcast }) {
  const { t } = useAdmin();
  if (!freezes) return null;
  const byFault = freezes.byFault ?? {};
  return (
    <Panel title={t("shows.fault")} testId="faults">
      {freezes.n === 0 ? (
        <p className={parts.good}>{t("shows.noFreezes")}</p>
      ) : (
        <Bars
          shares={FAULTS.map((fault) => ({
            name: t(`shows.fault.${fault}`),
            words: String(byFault[fault] ?? 0),
            share: (byFault[fault] ?? 0) / freezes.n,
          }))}
        />
      )}
    </Panel>
  );
}

function Layers({ broadcast: { layers } }: { broadcast: Broadcast }) {
  const { t } = useAdmin();
  return (
    <Panel title={t("shows.layers")}>
      {!layers || layers.length === 0 ? (
        <p className={parts.hint}>{t("shows.layersNone")}</p>
      ) : (
        <Bars
          shares={layers.map(({ name, share }) => ({
            name,
            words: `${Math.round(share * 100)} %`,
            share,
          }))}
        />
      )}
    </Panel>
  );
}

function Interruptions({ broadcast: { interruptions = [] } }: { broadcast: Broadcast }) {
  const { t, language } = useAdmin();
  return (
    <Panel title={t("shows.interruptions")}>
      {interruptions.length === 0 ? (
        <p className={parts.good}>{t("shows.noInterruptions")}</p>
      ) : (
        <ul className={parts.rows}>
          {interruptions.map(({ at, forS }) => (
            <li key={at}>
              {t("shows.interruptedFor", { time: formatClock(language, at), s: Math.round(forS) })}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Findings({ broadcast: { findings = [] } }: { broadcast: Broadcast }) {
  const { t, language } = useAdmin();
  return (
    <Panel title={t("shows.findings")}>
      {findings.length === 0 ? (
        <p className={parts.good}>{t("findings.none")}</p>
      ) : (
        <ul className={parts.rows}>
          {findings.map(({ code, at }) => (
            <li key={`${code} ${at}`}>
              <span className={parts.name}>{findingName(t, code)}</span>
              <span className={parts.hint}>{formatClock(language, at)}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
