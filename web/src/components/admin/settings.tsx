import { RotateCw } from "lucide-react";
import { useState } from "react";
import { type Api, isMissing } from "../../live/admin/api";
import type { Reloaded, Setting } from "../../live/admin/types";
import { Button } from "../button";
import { Notice } from "../notice";
import { useAdmin } from "./context";
import { TextField } from "./fields";
import { Panel, Problem, Ready, Table } from "./parts";
import parts from "./parts.module.css";
import { useAction, useResource } from "./use-resource";

const loadSettings = async (api: Api, _: string, signal: AbortSignal) => {
  const items: Setting[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: Setting[]; next: string | null } = await api.list<Setting>(
      "/settings",
      { cursor, limit: 200 },
      signal,
    );
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
};

/** What the server runs with, and the configuration read again. */
export function Settings() {
  const { t, api } = useAdmin();
  const settings = useResource<Setting[]>(loadSettings);
  const { busy, problem, run } = useAction();
  const [text, setText] = useState("");
  const [reloaded, setReloaded] = useState<Reloaded | null>(null);
  const reload = async () => {
    await run(async () => setReloaded(await api.post<Reloaded>("/reload")));
    await settings.reload();
  };
  return (
    <>
      <h1>{t("admin.settings")}</h1>
      <Ready of={settings}>
        {(items) => {
          const found = items.filter(({ name }) => name.includes(text.trim().toLowerCase()));
          return (
            <>
              <Panel
                title={t("settings.reload")}
                action={
                  <Button
                    icon={<RotateCw size={18} />}
                    busy={busy}
                    data-testid="reload"
                    onClick={() => void reload()}
                  >
                    {t("settings.reload")}
                  </Button>
                }
              >
                <p className={parts.hint}>{t("settings.reloadText")}</p>
                {isMissing(problem) ? (
                  <p className={parts.hint} role="status" data-testid="reload-missing">
                    {t("admin.missing")}
                  </p>
                ) : (
                  <Problem problem={problem} />
                )}
                <div role="status" data-testid="reloaded">
                  {reloaded && !problem && <Outcome reloaded={reloaded} />}
                </div>
              </Panel>
              <p className={parts.hint}>{t("settings.text")}</p>
              <TextField
                label={t("settings.filter")}
                type="search"
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
              {found.length === 0 ? (
                <p className={parts.hint}>{t("settings.none")}</p>
              ) : (
                <List settings={found} waiting={reloaded?.needRestart ?? []} />
              )}
            </>
          );
        }}
      </Ready>
    </>
  );
}

function Outcome({ reloaded }: { reloaded: Reloaded }) {
  const { t } = useAdmin();
  const { changed = [], needRestart = [], certificates, certificateProblem = "" } = reloaded;
  return (
    <>
      {changed.length > 0 && (
        <p className={parts.good} data-testid="reload-changed">
          {t("settings.changed", { names: changed.join(", ") })}
        </p>
      )}
      {needRestart.length > 0 && (
        <p data-testid="reload-waits">
          {t("settings.needRestart", { names: needRestart.join(", ") })}
        </p>
      )}
      {changed.length + needRestart.length === 0 && <p>{t("settings.same")}</p>}
      {certificates === "loaded" && (
        <p className={parts.good}>{t("settings.certificatesLoaded")}</p>
      )}
      {certificates === "failed" && (
        <Notice tone="bad" testId="reload-certificates">
          {t("settings.certificatesFailed", { why: certificateProblem })}
        </Notice>
      )}
    </>
  );
}

interface ListProps {
  settings: readonly Setting[];
  /** Those that have another value in the file, and wait for a restart. */
  waiting: readonly string[];
}

function List({ settings, waiting }: ListProps) {
  const { t } = useAdmin();
  return (
    <Table label={t("admin.settings")} tall>
      <thead>
        <tr>
          <th scope="col">{t("settings.name")}</th>
          <th scope="col">{t("settings.value")}</th>
          <th scope="col">{t("settings.when")}</th>
        </tr>
      </thead>
      <tbody>
        {settings.map(({ name, value, canChange }) => (
          <tr key={name} data-testid="setting">
            <th scope="row">
              <code>{name}</code>
            </th>
            <td data-long>
              {valueText(value) ?? <span className={parts.hint}>{t("settings.unset")}</span>}
            </td>
            <td>
              <When canChange={canChange ?? false} waits={waiting.includes(name)} />
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  );
}

/** When a change of a setting takes effect. */
function When({ canChange, waits }: { canChange: boolean; waits: boolean }) {
  const { t } = useAdmin();
  const tone = waits ? "warn" : canChange ? "good" : undefined;
  const words = waits ? "settings.waits" : canChange ? "settings.live" : "settings.restart";
  return (
    <span className={parts.tag} data-tone={tone} data-testid="setting-when">
      {t(words)}
    </span>
  );
}

function valueText(value: unknown): string | null {
  // As the configuration file has it: quotes and brackets around nothing.
  if (value === null || value === undefined || value === "" || value === '""' || value === "[]")
    return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value.map(String).join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
