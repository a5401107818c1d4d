import { type FormEvent, useState } from "react";
import type {
  AdminRoom,
  ChatPolicy,
  RecordPolicy,
  RoomRules as Rules,
  Watch,
} from "../../live/admin/types";
import { CHATS, RECORDS } from "../../live/admin/types";
import { sectionPath } from "../../live/admin/views";
import { Link } from "../../router";
import { Button } from "../button";
import { SelectField } from "../field";
import { useAdmin } from "./context";
import { TextField, wholeOf } from "./fields";
import { Panel, Problem } from "./parts";
import parts from "./parts.module.css";
import { useAction } from "./use-resource";
import { isPasswordShort, WatchFields } from "./watch-fields";

interface Draft {
  watch: Watch;
  password: string;
  chat: ChatPolicy;
  maxViewers: string;
  maxKbps: string;
  /** Empty: as the server is set. */
  record: RecordPolicy | "";
  /** Of the room that was changed. */
  etag: string | null;
}

interface RoomRulesProps {
  room: AdminRoom;
  etag: string | null;
  isFull: boolean;
  onChange: () => Promise<void>;
}

/** Who may watch and chat, and how much there may be. Nothing holds before it is saved. */
export function RoomRules({ room, etag, isFull, onChange }: RoomRulesProps) {
  const { t, api } = useAdmin();
  const { busy, problem, run, clear } = useAction();
  const [edited, setEdited] = useState<Draft | null>(null);
  const [isTried, setTried] = useState(false);
  const [isSaved, setSaved] = useState(false);
  const draft = edited ?? draftOf(room, etag);
  const hasPassword = room.watch === "password";
  const change = (patch: Partial<Draft>) => {
    setEdited({ ...draft, ...patch });
    setSaved(false);
    clear();
  };
  const [viewers, kbps] = [wholeOf(draft.maxViewers), wholeOf(draft.maxKbps)];
  const isBad =
    isPasswordShort(draft.watch, draft.password, hasPassword) ||
    Number.isNaN(viewers) ||
    Number.isNaN(kbps);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (isBad) return;
    const rules: Rules = {
      watch: draft.watch,
      ...(draft.watch === "password" && draft.password !== "" ? { password: draft.password } : {}),
      ...(isFull ? { chat: draft.chat } : {}),
      ...(isFull && viewers !== null ? { maxViewers: viewers } : {}),
      ...(isFull && kbps !== null ? { maxKbps: kbps } : {}),
      ...(isFull && draft.record !== "" ? { record: draft.record } : {}),
    };
    const path = `/rooms/${encodeURIComponent(room.room)}`;
    const isDone = await run(() => api.put(path, rules, draft.etag));
    await onChange();
    if (isDone) {
      setEdited(null);
      setTried(false);
      setSaved(true);
    } else {
      // Seen and saved again, it is what somebody wants.
      setEdited({ ...draft, etag: null });
    }
  };
  return (
    <Panel title={t("rules.title")} testId="room-rules">
      <form className={parts.form} onSubmit={(event) => void save(event)}>
        <WatchFields
          watch={draft.watch}
          password={draft.password}
          {...{ hasPassword, isTried }}
          onWatch={(watch) => change({ watch })}
          onPassword={(password) => change({ password })}
        />
        <Next watch={draft.watch} hasPassword={hasPassword && draft.password !== ""} />
        {isFull && (
          <>
            <SelectField
              label={t("rules.chat")}
              value={draft.chat}
              data-testid="room-chat"
              onChange={(event) => change({ chat: event.target.value as ChatPolicy })}
            >
              {CHATS.map((chat) => (
                <option key={chat} value={chat}>
                  {t(`rules.chat.${chat}`)}
                </option>
              ))}
            </SelectField>
            <SelectField
              label={t("rules.record")}
              value={draft.record}
              data-testid="room-record"
              onChange={(event) => change({ record: event.target.value as RecordPolicy | "" })}
            >
              <option value="">{t("rules.record.server")}</option>
              {RECORDS.map((record) => (
                <option key={record} value={record}>
                  {t(`rules.record.${record}`)}
                </option>
              ))}
            </SelectField>
            <div className={parts.fields}>
              <TextField
                label={t("rules.maxViewers")}
                hint={t("rules.noLimit")}
                error={Number.isNaN(viewers) ? t("rules.badNumber") : null}
                inputMode="numeric"
                data-testid="max-viewers"
                value={draft.maxViewers}
                onChange={(event) => change({ maxViewers: event.target.value })}
              />
              <TextField
                label={t("rules.maxKbps")}
                hint={t("rules.noLimit")}
                error={Number.isNaN(kbps) ? t("rules.badNumber") : null}
                inputMode="numeric"
                data-testid="max-kbps"
                value={draft.maxKbps}
                onChange={(event) => change({ maxKbps: event.target.value })}
              />
            </div>
          </>
        )}
        <Problem problem={problem} />
        <div className={parts.inline}>
          <p className={parts.hint} role="status">
            {edited && t("rules.unsaved")}
            {isSaved && <span className={parts.good}>{t("admin.saved")}</span>}
          </p>
          <Button
            kind="primary"
            type="submit"
            busy={busy}
            disabled={edited === null}
            data-testid="save-rules"
          >
            {t("admin.save")}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

/** What else a policy needs. */
function Next({ watch, hasPassword }: { watch: Watch; hasPassword: boolean }) {
  const { t } = useAdmin();
  if (watch === "password" && hasPassword) return <p className={parts.hint}>{t("rules.ends")}</p>;
  if (watch === "invited") return <p className={parts.hint}>{t("rules.invitedNext")}</p>;
  if (watch !== "token") return null;
  return (
    <p className={parts.hint}>
      {t("rules.tokenNext")} <Link href={sectionPath("tokens")}>{t("rules.tokenGo")}</Link>
    </p>
  );
}

function draftOf(room: AdminRoom, etag: string | null): Draft {
  return {
    watch: room.watch,
    password: "",
    chat: room.chat,
    maxViewers: room.maxViewers == null ? "" : String(room.maxViewers),
    maxKbps: room.maxKbps == null ? "" : String(room.maxKbps),
    record: room.record ?? "",
    etag,
  };
}
