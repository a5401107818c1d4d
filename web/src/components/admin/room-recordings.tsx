import { Circle, Download, Square, Trash2 } from "lucide-react";
import { useState } from "react";
import { formatBytes, formatDuration } from "../../i18n/format";
import type { Api } from "../../live/admin/api";
import type { AdminRoom, Recording } from "../../live/admin/types";
import { withBase } from "../../live/base-path";
import { Button, IconButton } from "../button";
import { useAdmin } from "./context";
import { Confirm } from "./dialogs";
import { Moment, More, Panel, Problem, Ready } from "./parts";
import parts from "./parts.module.css";
import { useAction, useList } from "./use-resource";

const EVERY_MS = 5_000;

const loadRecordings = (api: Api, room: string, cursor: string | null, signal: AbortSignal) =>
  api.list<Recording>("/recordings", { room, cursor }, signal);

/** What was recorded of a room, and the button that records it. */
export function RoomRecordings({ room }: { room: AdminRoom }) {
  const { t, api } = useAdmin();
  const recordings = useList<Recording>(loadRecordings, room.room, EVERY_MS);
  const { busy, problem, run } = useAction();
  const [ask, setAsk] = useState<Recording | null>(null);
  if (recordings.missing) return null;
  const path = `/rooms/${encodeURIComponent(room.room)}/recording`;
  const isMade = recordings.data?.items.some((one) => one.ended == null) ?? false;
  const press = () =>
    run(async () => {
      if (isMade) await api.delete(path);
      else await api.post(path);
      await recordings.reload();
    });
  const isLive = room.live === "live" || room.live === "interrupted";
  return (
    <Panel
      title={t("recordings.title")}
      testId="room-recordings"
      action={
        (isMade || isLive) && (
          <Button
            kind={isMade ? "danger" : "outline"}
            icon={isMade ? <Square size={16} /> : <Circle size={16} />}
            busy={busy}
            data-testid="record"
            onClick={() => void press()}
          >
            {t(isMade ? "recordings.stop" : "recordings.start")}
          </Button>
        )
      }
    >
      <Problem problem={problem} />
      <Ready of={recordings}>
        {({ items, next }) =>
          items.length === 0 ? (
            <p className={parts.hint}>{t(isLive ? "recordings.none" : "recordings.noneOffline")}</p>
          ) : (
            <>
              <ul className={parts.rows}>
                {items.map((one) => (
                  <Row key={one.id} recording={one} onDelete={() => setAsk(one)} />
                ))}
              </ul>
              <More next={next} more={recordings.more} />
            </>
          )
        }
      </Ready>
      {ask && (
        <Confirm
          title={t("recordings.deleteTitle")}
          text={t("recordings.deleteText")}
          go={t("admin.delete")}
          onGo={async () => {
            await api.delete(`/recordings/${encodeURIComponent(ask.id)}`);
            await recordings.reload();
          }}
          onClose={() => setAsk(null)}
        />
      )}
    </Panel>
  );
}

function Row({ recording, onDelete }: { recording: Recording; onDelete: () => void }) {
  const { t } = useAdmin();
  const { id, title, began, ended, why, error, files } = recording;
  const seconds = files.reduce((sum, file) => sum + file.durationS, 0);
  return (
    <li data-testid="recording-row">
      <div className={parts.what}>
        <span className={parts.name}>
          {title ? <span dir="auto">{title}</span> : <Moment at={began} />}
        </span>
        <small>
          {title && <Moment at={began} />}
          {ended == null ? (
            <span data-testid="recording-now">{t("recordings.now")}</span>
          ) : (
            <span>{formatDuration(seconds * 1000)}</span>
          )}
          {why === "server_fault" && <span>{t("recordings.cut")}</span>}
          {why === "disk_full" && <span>{t("recordings.diskFull")}</span>}
          {error && <span>{t("recordings.error", { error })}</span>}
          {ended != null && files.length === 0 && <span>{t("recordings.empty")}</span>}
        </small>
      </div>
      <div className={parts.acts}>
        {files.map((file) => (
          <a
            key={file.name}
            href={withBase(`/api/v1/recordings/${id}/files/${encodeURIComponent(file.name)}`)}
            download
            data-testid="recording-file"
          >
            <Download size={16} aria-hidden="true" /> {file.name} ({formatBytes(file.bytes)})
          </a>
        ))}
        {ended != null && (
          <IconButton label={t("recordings.delete")} onClick={onDelete}>
            <Trash2 size={18} />
          </IconButton>
        )}
      </div>
    </li>
  );
}
