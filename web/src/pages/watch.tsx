import { useEffect } from "react";
import { FanStage } from "../components/fan-stage";
import { RoomMeta } from "../components/room-meta";
import { TopBar } from "../components/top-bar";
import { useLanguage } from "../hooks/use-language";
import { useStoreOr } from "../hooks/use-store";
import { useTitle } from "../hooks/use-title";
import { useViewer } from "../hooks/use-viewer";
import { rememberRoom } from "../live/rooms";
import { VIEWER_START } from "../live/viewer-snapshot";
import styles from "./watch.module.css";

export function WatchPage({ room }: { room: string }) {
  const { t } = useLanguage();
  const viewer = useViewer(room);
  const snapshot = useStoreOr(viewer, VIEWER_START);
  const live = snapshot.room?.live === "live";
  useTitle(live ? `● ${t("host.state.live")} · ${room}` : `${room} · ${t("app.name")}`);
  useEffect(() => rememberRoom(room), [room]);
  return (
    <>
      <TopBar stage />
      <main id="main" className={styles.main}>
        <FanStage viewer={viewer} snapshot={snapshot} />
        <div className={styles.meta}>
          <RoomMeta room={room} snapshot={snapshot} />
        </div>
      </main>
    </>
  );
}
