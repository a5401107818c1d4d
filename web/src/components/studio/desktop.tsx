import { useLanguage } from "../../hooks/use-language";
import type { Studio } from "../../hooks/use-studio";
import { useTab } from "../../hooks/use-tab";
import { HostNotices } from "../host-notices";
import { ResumeCard } from "./cards";
import styles from "./desktop.module.css";
import { DeviceBar } from "./device-bar";
import { GoButton } from "./go-button";
import { FeedCard, RecordTools } from "./on-air";
import { Stage } from "./stage";
import { StudioBar } from "./studio-bar";
import { type TabName, Workbench } from "./workbench";

/** The studio on a large screen: the picture on the left, the workbench on the right. */
export function DesktopStudio({ studio, onInvite }: { studio: Studio; onInvite: () => void }) {
  const { t } = useLanguage();
  const { media, snapshot, broadcast, note, isFed } = studio;
  const isOnAir = broadcast.phase === "live" || isFed;
  const [tab, setTab] = useTab<TabName>(isOnAir ? "chat" : "setup");
  const isOver = broadcast.phase === "ended";
  return (
    <div className={styles.page}>
      <StudioBar studio={studio} onInvite={onInvite} />
      <main id="main" className={styles.studio}>
        {(snapshot.stream || isOver) && <h1 className="visually-hidden">{t("host.title")}</h1>}
        <div className={styles.left}>
          {note && <ResumeCard studio={studio} note={note} />}
          {isFed && !note && <FeedCard studio={studio} />}
          <div className={styles.stage} data-fills={Boolean(snapshot.stream) || isFed}>
            <Stage studio={studio} onObs={() => setTab("obs")} />
          </div>
          <div className={styles.notices} aria-live="polite">
            <HostNotices studio={studio} />
          </div>
          {snapshot.stream && !isOver && (
            <DeviceBar media={media} snapshot={snapshot}>
              <RecordTools studio={studio} look="round" />
              <GoButton studio={studio} />
            </DeviceBar>
          )}
        </div>
        <aside className={styles.right}>
          <Workbench studio={studio} tab={tab} onTab={setTab} />
        </aside>
      </main>
    </div>
  );
}
