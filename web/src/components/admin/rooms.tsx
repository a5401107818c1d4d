import { MonitorPlay, Plus, Tv } from "lucide-react";
import { useState } from "react";
import { useStore } from "../../hooks/use-store";
import type { Api } from "../../live/admin/api";
import {
  type AdminRoom,
  type History,
  type RawRoom,
  type RoomFinding,
  roomOf,
} from "../../live/admin/types";
import { adminRoomPath } from "../../live/admin/views";
import type { RoomSummary } from "../../live/protocol";
import { parseRoomName } from "../../live/room-name";
import { recall, remember } from "../../live/storage";
import { Link } from "../../router";
import { Button, buttonClass } from "../button";
import { Notice } from "../notice";
import { useAdmin } from "./context";
import { CreateRoom } from "./create-room";
import { TextField } from "./fields";
import { Empty, More, Problem, Ready } from "./parts";
import { RoomTile, SPARK_HOURS } from "./room-tile";
import styles from "./rooms.module.css";
import { useLive } from "./use-live";
import { useAction, useList, useResource } from "./use-resource";

const LIST_EVERY_MS = 8_000;
const HISTORY_EVERY_MS = 60_000;
const PAGE = 100;
/** Whether tiles show live pictures, kept for the next visit. */
const LIVE_PICTURES = "livePictures";
/** So many rooms are seen at a glance. */
const FILTER_FROM = 9;

const loadRooms = async (api: Api, _: string, cursor: string | null, signal: AbortSignal) => {
  const page = await api.list<RawRoom>("/rooms", { cursor, limit: PAGE }, signal);
  return { ...page, items: page.items.map(roomOf) };
};
const loadHistory = (api: Api, _: string, signal: AbortSignal) =>
  api.get<History>("/history", { hours: SPARK_HOURS }, signal);
const loadFindings = async (api: Api, _: string, signal: AbortSignal) =>
  (await api.list<RoomFinding>("/findings", { limit: 200 }, signal)).items;

/** Every room with its picture, and how it was over the last hours. */
export function Rooms() {
  const { t } = useAdmin();
  const rooms = useList<AdminRoom>(loadRooms, "", LIST_EVERY_MS);
  const history = useResource<History>(loadHistory, "", HISTORY_EVERY_MS);
  const findings = useResource<RoomFinding[]>(loadFindings, "", LIST_EVERY_MS);
  const live = useLive();
  const [isCreating, setCreating] = useState(false);
  const [isLive, setLive] = useState(() => recall(LIVE_PICTURES) === true);
  const create = (
    <Button
      kind="primary"
      icon={<Plus size={18} />}
      data-testid="create-room"
      onClick={() => setCreating(true)}
    >
      {t("rooms.create")}
    </Button>
  );
  const isEmpty = rooms.data?.items.length === 0;
  return (
    <>
      <div className={styles.head}>
        <h1>{t("admin.rooms")}</h1>
        {!isEmpty && (
          <div className={styles.buttons}>
            <Button
              kind="outline"
              icon={<MonitorPlay size={18} />}
              aria-pressed={isLive}
              title={t("rooms.livePicturesHint")}
              data-testid="live-pictures"
              onClick={() => {
                remember(LIVE_PICTURES, !isLive);
                setLive(!isLive);
              }}
            >
              {t("rooms.livePictures")}
            </Button>
            {create}
          </div>
        )}
      </div>
      <NoOwner />
      <Ready of={rooms}>
        {({ items, next }) => (
          <>
            {items.length === 0 ? (
              <Empty
                icon={<Tv size={32} aria-hidden="true" />}
                title={t("rooms.empty")}
                text={t("rooms.emptyText")}
              >
                {create}
              </Empty>
            ) : (
              <Tiles
                items={items}
                live={live}
                history={history.data}
                findings={findings.data ?? []}
                isLive={isLive}
              />
            )}
            <More next={next} more={rooms.more} />
            {next === null && <NotSetUp live={live} known={items} history={history.data} />}
          </>
        )}
      </Ready>
      {isCreating && <CreateRoom onClose={() => setCreating(false)} />}
    </>
  );
}

interface TilesProps {
  items: readonly AdminRoom[];
  live: readonly RoomSummary[];
  history: History | null;
  findings: readonly RoomFinding[];
  isLive: boolean;
}

function Tiles({ items, live, history, findings, isLive }: TilesProps) {
  const { t } = useAdmin();
  const [text, setText] = useState("");
  const wanted = text.trim().toLowerCase();
  const found = items.filter(
    ({ room, title }) =>
      room.toLowerCase().includes(wanted) || (title ?? "").toLowerCase().includes(wanted),
  );
  const name = parseRoomName(text);
  return (
    <>
      {items.length >= FILTER_FROM && (
        <TextField
          label={t("rooms.filter")}
          type="search"
          data-testid="rooms-filter"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      <ul className={styles.grid}>
        {sorted(found).map((room) => (
          <li key={room.room}>
            <RoomTile
              room={room}
              summary={live.find((one) => one.room === room.room)}
              points={history?.rooms.find((one) => one.room === room.room)?.points ?? []}
              stepMs={(history?.stepS ?? 60) * 1000}
              findings={findings.filter((one) => one.room === room.room)}
              isLive={isLive}
            />
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <p className={styles.none}>
          {t("rooms.filterNone", { text: text.trim() })}{" "}
          {name && (
            <Link href={adminRoomPath(name)} className={buttonClass("outline")}>
              {t("rooms.goTo", { room: name })}
            </Link>
          )}
        </p>
      )}
    </>
  );
}

const ORDER = ["interrupted", "live", "starting", "ended", "offline"];

/** Who is live comes first. */
function sorted(rooms: readonly AdminRoom[]): AdminRoom[] {
  const rank = ({ live }: AdminRoom) => {
    const at = ORDER.indexOf(live);
    return at >= 3 ? 3 : at;
  };
  return [...rooms].sort((a, b) => rank(a) - rank(b) || b.viewers - a.viewers);
}

/** Rooms that came to be by going live in them. */
function NotSetUp({
  live,
  known,
  history,
}: {
  live: readonly RoomSummary[];
  known: readonly AdminRoom[];
  history: History | null;
}) {
  const { t } = useAdmin();
  const others = live.filter(({ room }) => !known.some((one) => one.room === room));
  if (others.length === 0) return null;
  return (
    <section className={styles.others} aria-labelledby="not-set-up">
      <h2 id="not-set-up">{t("rooms.others")}</h2>
      <p>{t("rooms.othersText")}</p>
      <ul className={styles.grid}>
        {others.map((summary) => (
          <li key={summary.room}>
            <RoomTile
              room={roomOf({
                room: summary.room,
                live: summary.live,
                viewers: summary.viewers,
                since: summary.since,
              })}
              isSetUp={false}
              summary={summary}
              points={history?.rooms.find((one) => one.room === summary.room)?.points ?? []}
              stepMs={(history?.stepS ?? 60) * 1000}
              findings={[]}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

/** At the server's own machine one is in without a password; elsewhere nobody is. */
function NoOwner() {
  const { t, session } = useAdmin();
  const { busy, problem, run } = useAction();
  const { info } = useStore(session);
  if (info.hasOwner !== false) return null;
  return (
    <Notice testId="no-owner">
      <p>{t("owner.none")}</p>
      <Problem problem={problem} />
      <Button
        className={styles.choose}
        busy={busy}
        data-testid="choose-owner"
        onClick={() => void run(() => session.makeOwner())}
      >
        {t("owner.choose")}
      </Button>
    </Notice>
  );
}
