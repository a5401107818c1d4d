import { ArrowLeft, ExternalLink, MonitorPlay, Tv } from "lucide-react";
import { useState } from "react";
import { useNow } from "../../hooks/use-now";
import { formatCount, formatDuration } from "../../i18n/format";
import type { Api, Versioned } from "../../live/admin/api";
import { tokenFor } from "../../live/admin/preview";
import { type AdminRoom, type RawRoom, roomOf } from "../../live/admin/types";
import { ADMIN } from "../../live/admin/views";
import { withBase } from "../../live/base-path";
import { parseRoomName, roomPath } from "../../live/room-name";
import { navigate } from "../../navigation";
import { Link } from "../../router";
import { Button } from "../button";
import { useAdmin } from "./context";
import { CreateRoom } from "./create-room";
import { Confirm } from "./dialogs";
import { LivePicture } from "./live-picture";
import { Empty, Panel, Problem, Ready } from "./parts";
import parts from "./parts.module.css";
import styles from "./room.module.css";
import { RoomFigures } from "./room-figures";
import { RoomInvites } from "./room-invites";
import { RoomKeys } from "./room-keys";
import { RoomRecordings } from "./room-recordings";
import { RoomRules } from "./room-rules";
import { RoomSessions } from "./room-sessions";
import { Cover, isOn, StateBadge } from "./room-tile";
import { useLive } from "./use-live";
import { useAction, useResource } from "./use-resource";

const EVERY_MS = 8_000;

export interface RoomAsRead {
  room: AdminRoom;
  etag: string | null;
  /** The server knows who may chat, limits and invitations. */
  isFull: boolean;
}

const loadRoom = async (api: Api, room: string, signal: AbortSignal): Promise<RoomAsRead> => {
  const read: Versioned<RawRoom> = await api.getVersioned(
    `/rooms/${encodeURIComponent(room)}`,
    signal,
  );
  return {
    room: roomOf(read.value),
    etag: read.etag,
    isFull: read.value.chat !== undefined,
  };
};

/** One room: who may watch, who may go live, who is there, and how it was. */
export function RoomView({ room }: { room: string }) {
  const { t } = useAdmin();
  const name = parseRoomName(room);
  return (
    <>
      <Link href={ADMIN} className={styles.back}>
        <ArrowLeft size={18} aria-hidden="true" />
        {t("room.back")}
      </Link>
      {name === null ? <p>{t("room.notARoom")}</p> : <Known key={name} name={name} />}
    </>
  );
}

function Known({ name }: { name: string }) {
  const read = useResource<RoomAsRead>(loadRoom, name, EVERY_MS);
  const [isRemoving, setRemoving] = useState(false);
  const { t, api } = useAdmin();
  if (read.missing && read.data === null) return <NotSetUp name={name} onMade={read.reload} />;
  return (
    <Ready of={read}>
      {({ room, etag, isFull }) => (
        <>
          <Head room={room} />
          <div className={styles.columns}>
            <RoomRules room={room} etag={etag} isFull={isFull} onChange={read.reload} />
            <div className={styles.stack}>
              <RoomKeys room={room} onChange={read.reload} />
              {isFull && <RoomInvites room={room} onChange={read.reload} />}
            </div>
          </div>
          <RoomSessions room={name} />
          <RoomRecordings room={room} />
          <RoomFigures room={name} />
          <Panel title={t("remove.title")}>
            <p className={parts.hint}>{t("remove.text")}</p>
            <Button
              kind="danger"
              className={parts.wide}
              data-testid="remove-room"
              onClick={() => setRemoving(true)}
            >
              {t("remove.title")}
            </Button>
          </Panel>
          {isRemoving && (
            <Confirm
              title={t("remove.ask", { room: name })}
              text={t("remove.text")}
              go={t("admin.delete")}
              onGo={async () => {
                await api.delete(`/rooms/${encodeURIComponent(name)}`);
                navigate(ADMIN);
              }}
              onClose={() => setRemoving(false)}
            />
          )}
        </>
      )}
    </Ready>
  );
}

function Head({ room }: { room: AdminRoom }) {
  const { t, language, api } = useAdmin();
  const { busy, problem, run } = useAction();
  const summary = useLive().find((one) => one.room === room.room);
  const now = useNow(isOn(room.live));
  const title = room.title ?? summary?.title ?? null;
  const [isShown, setShown] = useState(false);
  return (
    <div className={styles.head}>
      <div className={styles.cover}>
        <Cover room={room} summary={summary} />
        {isShown && room.live === "live" && <LivePicture room={room.room} watch={room.watch} />}
      </div>
      <div className={styles.who}>
        <h1 dir="auto">{title ?? room.room}</h1>
        <p className={styles.facts}>
          <StateBadge live={room.live} />
          {title && <span>{room.room}</span>}
          {isOn(room.live) && (
            <span data-testid="room-viewers">
              {t("rooms.viewers", { n: formatCount(room.viewers, language) })}
            </span>
          )}
          {isOn(room.live) && room.since != null && (
            <span>{t("room.since", { time: formatDuration(now - room.since) })}</span>
          )}
        </p>
        <div className={styles.buttons}>
          {room.live === "live" && (
            <Button
              kind="outline"
              icon={<MonitorPlay size={18} />}
              aria-pressed={isShown}
              title={t("rooms.livePicturesHint")}
              data-testid="show-live"
              onClick={() => setShown(!isShown)}
            >
              {t("room.livePicture")}
            </Button>
          )}
          <Button
            kind="outline"
            icon={<ExternalLink size={18} />}
            data-testid="watch-room"
            busy={busy}
            onClick={() => run(() => openRoom(api, room))}
          >
            {t("room.watch")}
          </Button>
        </div>
        <Problem problem={problem} />
      </div>
    </div>
  );
}

/** Opens the room's page in a tab of its own, with a token where the room lets in nobody without. */
async function openRoom(api: Api, { room, watch }: AdminRoom): Promise<void> {
  // At once: a tab that is opened later is one that browsers keep from opening.
  const tab = window.open("about:blank", "_blank");
  try {
    const token = await tokenFor(api, room, watch);
    const url = withBase(roomPath(room)) + (token === null ? "" : `#token=${token}`);
    if (tab === null) location.href = url;
    else tab.location.href = url;
  } catch (error) {
    tab?.close();
    throw error;
  }
}

function NotSetUp({ name, onMade }: { name: string; onMade: () => Promise<void> }) {
  const { t } = useAdmin();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <h1>{name}</h1>
      <Empty
        icon={<Tv size={32} aria-hidden="true" />}
        title={t("room.notSetUp")}
        text={t("room.notSetUpText")}
      >
        <Button kind="primary" data-testid="set-up" onClick={() => setOpen(true)}>
          {t("room.setUp")}
        </Button>
      </Empty>
      {isOpen && (
        <CreateRoom
          name={name}
          onClose={() => {
            setOpen(false);
            void onMade();
          }}
        />
      )}
    </>
  );
}
