import { ArrowLeft, Download } from "lucide-react";
import type { ReactNode } from "react";
import { endName, findingName, formatClock, formatKbps, layerName } from "../../i18n/admin-text";
import { formatCount, formatDuration, formatMs } from "../../i18n/format";
import type { Api } from "../../live/admin/api";
import { type Series, stepOf } from "../../live/admin/series";
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
  const { peak, joins, latencyMs, freezes, why } = broadcast;
  const facts: [label: string, value: ReactNode, note?: string][] = [
    [t("shows.duration"), formatDuration(lengthOf(broadcast))],
    [t("shows.peak"), formatCount(peak, language)],
    [t("shows.joins"), formatCount(joins, language)],
  ];
  if (latencyMs) {
    facts.push([t("shows.latency"), formatMs(latencyMs.p50)]);
    facts.push([t("shows.latency95"), formatMs(latencyMs.p95)]);
  }
  const { n, perHour } = freezes ?? {};
  if (n !== undefined) {
    const note = perHour === undefined ? "" : t("shows.perHour", { n: perHour.toFixed(1) });
    facts.push([t("shows.freezes"), formatCount(n, language), note]);
  }
  if (why) facts.push([t("shows.why"), endName(t, why)]);
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
          stepMs={stepOf(viewers)}
          marks={interruptions.map(({ at, forS }) => ({ at, forMs: (forS ?? 0) * 1000 }))}
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
  const byFault = freezes?.byFault ?? {};
  const known = FAULTS.filter((fault) => byFault[fault] != null);
  if (!freezes || (known.length === 0 && freezes.n === undefined)) return null;
  const n = freezes.n ?? known.reduce((sum, fault) => sum + (byFault[fault] ?? 0), 0);
  return (
    <Panel title={t("shows.fault")} testId="faults">
      {n === 0 ? (
        <p className={parts.good}>{t("shows.noFreezes")}</p>
      ) : (
        <Bars
          shares={known.map((fault) => ({
            name: t(`shows.fault.${fault}`),
            words: String(byFault[fault] ?? 0),
            share: (byFault[fault] ?? 0) / n,
          }))}
        />
      )}
      {known.length < FAULTS.length && <p className={parts.hint}>{t("shows.unmeasured")}</p>}
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
            name: layerName(t, name),
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
              {forS == null
                ? t("shows.interruptedSince", { time: formatClock(language, at) })
                : t("shows.interruptedFor", {
                    time: formatClock(language, at),
                    s: Math.round(forS),
                  })}
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
