import { Eye, Link2, Lock, MailCheck, Ticket, TriangleAlert, Users } from "lucide-react";
import { formatKbps } from "../../i18n/admin-text";
import { formatCount } from "../../i18n/format";
import type { Series } from "../../live/admin/series";
import type { AdminRoom, HistoryPoint, RoomFinding, Watch } from "../../live/admin/types";
import { adminRoomPath } from "../../live/admin/views";
import { operatorCoverUrl } from "../../live/cover";
import type { LiveState, RoomSummary } from "../../live/protocol";
import { Link } from "../../router";
import { LiveBadge } from "../live-badge";
import { RoomPicture } from "../room-picture";
import { Spark } from "./chart";
import { useAdmin } from "./context";
import { LivePicture } from "./live-picture";
import parts from "./parts.module.css";
import styles from "./rooms.module.css";

export const SPARK_HOURS = 3;
const HOUR_MS = 3_600_000;

export const WATCH_ICONS: Record<Watch, typeof Eye> = {
  everybody: Eye,
  unlisted: Link2,
  password: Lock,
  invited: MailCheck,
  token: Ticket,
};

interface RoomTileProps {
  room: AdminRoom;
  summary: RoomSummary | undefined;
  points: readonly HistoryPoint[];
  stepMs: number;
  findings: readonly RoomFinding[];
  isSetUp?: boolean;
  /** Shows the live picture in the place of the still one. */
  isLive?: boolean;
}

/** A room among others: leads to its page. */
export function RoomTile(props: RoomTileProps) {
  const { room, summary, points, stepMs, findings, isSetUp = true, isLive = false } = props;
  const { t, language } = useAdmin();
  const title = room.title ?? summary?.title ?? null;
  const WatchIcon = WATCH_ICONS[room.watch] ?? Eye;
  return (
    <Link
      href={adminRoomPath(room.room)}
      className={styles.tile}
      data-testid="room-tile"
      data-room={room.room}
    >
      <div className={styles.cover}>
        <Cover room={room} summary={summary} />
        {isLive && room.live === "live" && <LivePicture room={room.room} watch={room.watch} />}
        <span className={styles.corner}>
          <StateBadge live={room.live} />
        </span>
        {isOn(room.live) && (
          <span className={styles.watching}>
            <Users size={14} aria-hidden="true" />
            {t("rooms.viewers", { n: formatCount(room.viewers, language) })}
          </span>
        )}
      </div>
      <span className={styles.name} dir="auto">
        {title ?? room.room}
      </span>
      {title && <span className={styles.address}>{room.room}</span>}
      <span className={styles.tags}>
        {isSetUp && (
          <span className={parts.tag}>
            <WatchIcon size={14} aria-hidden="true" />
            {t(`watch.${room.watch}.short`)}
          </span>
        )}
        {room.keys.length > 0 && (
          <span className={parts.tag}>{t("rooms.keys", { n: room.keys.length })}</span>
        )}
        {findings.length > 0 && (
          <span className={parts.tag} data-tone="warn">
            <TriangleAlert size={14} aria-hidden="true" />
            {t("rooms.findings", { n: findings.length })}
          </span>
        )}
      </span>
      <TileSpark points={points} stepMs={stepMs} isOn={isOn(room.live)} />
    </Link>
  );
}

interface TileSparkProps {
  points: readonly HistoryPoint[];
  stepMs: number;
  isOn: boolean;
}

function TileSpark({ points, stepMs, isOn }: TileSparkProps) {
  const { t } = useAdmin();
  const to = Date.now();
  const from = to - SPARK_HOURS * HOUR_MS;
  const series: Series = points
    .filter(([at]) => at >= from)
    .map(([at, , inKbps]) => [at, inKbps] as const);
  const most = Math.max(0, ...series.map(([, value]) => value));
  if (most === 0) {
    // Its first minute is not over.
    const text = isOn ? t("rooms.sparkSoon") : t("rooms.sparkNone", { h: SPARK_HOURS });
    return <span className={styles.quiet}>{text}</span>;
  }
  const rate = formatKbps(most);
  return (
    <Spark {...{ series, from, to, stepMs }} label={t("rooms.spark", { h: SPARK_HOURS, rate })} />
  );
}

export function isOn(live: LiveState): boolean {
  return live === "live" || live === "interrupted";
}

export function StateBadge({ live }: { live: LiveState }) {
  const { t } = useAdmin();
  const tone = live === "live" ? "live" : live === "interrupted" ? "warn" : "off";
  return <LiveBadge tone={tone}>{t(`room.state.${live}`)}</LiveBadge>;
}

interface CoverProps {
  room: AdminRoom;
  /** What everybody is told of it, where it is live and listed. */
  summary: RoomSummary | undefined;
}

/** The picture of a room: its cover, else that of its broadcast. */
export function Cover({ room: { room, cover }, summary }: CoverProps) {
  const version = cover ?? summary?.cover ?? null;
  const url = version === null ? null : operatorCoverUrl(room, version);
  return <RoomPicture room={room} cover={url} still={summary?.still ?? null} />;
}
