import { ChevronLeft, PanelRightClose } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { IconButton } from "../components/button";
import { ChatDialogs, ChatPanel } from "../components/chat/chat-panel";
import { later, laterWithWords } from "../components/later";
import { FanStage, hasPicture } from "../components/room/fan-stage";
import { ReactionRow } from "../components/room/like-bar";
import { OtherRooms } from "../components/room/other-rooms";
import { RoomInfo } from "../components/room/room-info";
import { Waiting } from "../components/room/waiting";
import { TopBar } from "../components/top-bar";
import { useBack } from "../hooks/use-back";
import { useBell } from "../hooks/use-bell";
import { useChatColumn } from "../hooks/use-chat-column";
import { useKeyboardInset } from "../hooks/use-keyboard-inset";
import { useLanguage } from "../hooks/use-language";
import { useLayout } from "../hooks/use-layout";
import { usePlayerKeys } from "../hooks/use-player-keys";
import { useStage } from "../hooks/use-stage";
import { useStoreOr } from "../hooks/use-store";
import { useTitle } from "../hooks/use-title";
import { useViewer } from "../hooks/use-viewer";
import { DanmakuChoice } from "../live/danmaku/settings";
import { keepPass } from "../live/kept/pass";
import { rememberRoom } from "../live/rooms";
import { STAGE_START } from "../live/stage-watch";
import { VIEWER_START } from "../live/viewer-snapshot";
import { Link } from "../router";
import styles from "./watch.module.css";

const GuestSide = laterWithWords(
  async () => (await import("../components/room/guest-side")).GuestSide,
);
const HelpDialog = laterWithWords(
  async () => (await import("../components/room/help-dialog")).HelpDialog,
);
const StatsOverlay = laterWithWords(
  async () => (await import("../components/room/stats-overlay")).StatsOverlay,
);

const ClipButton = later(async () => (await import("../components/kept/clip-button")).ClipButton);
const ClipDialog = laterWithWords(
  async () => (await import("../components/kept/clip-dialog")).ClipDialog,
);
const MenuItems = later(async () => (await import("../components/kept/menu-items")).MenuItems);
const PastDialog = laterWithWords(
  async () => (await import("../components/kept/past-dialog")).PastDialog,
);
const MoreMenu = later(
  async () => (await import("../components/room/more-menu")).MoreMenu,
  <span className={styles.moreMenu} />,
);
const RecMark = later(async () => (await import("../components/kept/rec-mark")).RecMark);
const RoomPast = later(async () => (await import("../components/kept/room-past")).RoomPast);

type Panel = "stats" | "help" | "clip" | "past";

/** States with nothing to count: what is said on the stage is not to be covered by old figures. */
const WITHOUT_STATS = ["waiting", "ended", "error"];

export function WatchPage({ room }: { room: string }) {
  const { t } = useLanguage();
  const viewer = useViewer(room);
  const snapshot = useStoreOr(viewer, VIEWER_START);
  const stage = useStage(viewer);
  const layout = useLayout();
  const [danmaku] = useState(() => new DanmakuChoice());
  const field = useRef<HTMLInputElement>(null);
  const chat = useChatColumn(layout, stage, field);
  const [panel, setPanel] = useState<Panel | null>(null);
  const [clear, setClear] = useState(false);
  const { state, full, player } = stage;
  const live = snapshot.room?.live === "live";
  const title = snapshot.room?.title ?? room;
  const bell = useBell(live, t("bell.title", { title }));
  useTitle(live ? `● ${t("room.live")} · ${title}` : `${title} · ${t("app.name")}`);
  useEffect(() => rememberRoom(room), [room]);
  const pass = snapshot.room?.kept.pass;
  useEffect(() => {
    if (pass !== undefined) keepPass(room, pass);
  }, [room, pass]);
  const [sawLive, setSawLive] = useState(false);
  if (live && !sawLive) setSawLive(true);
  useKeyboardInset();
  const cast = useStoreOr(viewer?.stage ?? null, STAGE_START);
  const [own, setOwn] = useState<MediaStream | null>(null);

  if (panel === "stats" && WITHOUT_STATS.includes(snapshot.phase)) setPanel(null);
  const toggle = (name: "stats" | "help") => setPanel((now) => (now === name ? null : name));
  const back = useBack(viewer, player, state.paused);
  const actions = {
    togglePlay: back.togglePlay,
    toggleMuted: () => player?.toggleMuted(),
    changeVolume: (by: number) => player?.setVolume(state.volume + by),
    toggleFull: full.toggleFull,
    toggleTheatre: stage.toggleTheatre,
    togglePip: stage.pip.togglePip,
    toggleDanmaku: () => danmaku.toggle(),
    toggleStats: () => toggle("stats"),
    focusChat: chat.focus,
    toggleHelp: () => toggle("help"),
    jump: back.rewind && back.jump,
    goLive: back.goLive,
  };
  usePlayerKeys(actions, stage.stage);

  const shown = hasPicture(snapshot, state.hasFrame);
  // A phone held upright shows a picture that stands upright in all of its window.
  const bleed = layout === "tall" && shown && state.isPortrait && !full.isWeb;
  const theatre = stage.theatre && layout === "wide";
  const below = layout === "tall" && !bleed && !full.isFull && !full.isWeb;
  const stats = panel === "stats" && (
    <StatsOverlay
      snapshot={snapshot}
      below={below}
      onClose={() => {
        setPanel(null);
        stage.stage.current?.focus({ preventScroll: true });
      }}
    />
  );
  const idle = snapshot.phase === "waiting" || snapshot.phase === "ended";
  const kept = { room, pass: snapshot.room?.kept.pass ?? null };
  const mayClip = live && snapshot.room?.kept.clips === true;
  const isRecorded = snapshot.room?.kept.recording === true && !idle;
  const isWide = layout === "wide";
  const toKept = live && (
    <MenuItems
      onClip={mayClip && !isWide ? () => setPanel("clip") : null}
      onPast={() => setPanel("past")}
    />
  );
  return (
    <div
      className={styles.page}
      data-layout={layout}
      data-bleed={bleed}
      data-clear={bleed && clear}
      data-theatre={theatre}
      data-chat={chat.open}
    >
      {layout === "wide" && !theatre && <TopBar stage />}
      <main id="main" className={styles.main}>
        <div className={styles.left}>
          <FanStage
            viewer={viewer}
            snapshot={snapshot}
            stage={stage}
            actions={actions}
            back={back}
            danmaku={danmaku}
            bleed={bleed}
            chatShown={chat.open && layout !== "low"}
            waiting={<Waiting room={snapshot.room} bell={bell} />}
            onClear={setClear}
            own={own}
          >
            {layout !== "wide" && (
              <Link href="/" className={styles.home} aria-label={t("room.home")}>
                <ChevronLeft size={26} aria-hidden="true" />
              </Link>
            )}
            {isRecorded && !isWide && (
              <span className={styles.recorded}>
                <RecMark />
              </span>
            )}
            {!below && stats}
            {panel === "help" && (
              <HelpDialog canRewind={back.rewind !== null} onClose={() => setPanel(null)} />
            )}
          </FanStage>
          {below && stats}
          {viewer && (cast.step !== "off" || cast.problem !== null) && (
            <GuestSide viewer={viewer} cast={cast} onOwn={setOwn} />
          )}
          {!theatre && (
            <RoomInfo {...{ room, viewer, snapshot }} isRecorded={isRecorded && isWide}>
              {isWide ? mayClip && <ClipButton {...kept} /> : <MoreMenu>{toKept}</MoreMenu>}
            </RoomInfo>
          )}
          {isWide && !theatre && live && <div className={styles.toKept}>{toKept}</div>}
          {idle && !theatre && <RoomPast {...kept} hasEnded={sawLive} />}
          {(layout !== "tall" || idle) && !theatre && <OtherRooms room={room} />}
        </div>
        {viewer && chat.open && (
          <aside className={styles.chat} aria-label={t("chat.title")}>
            <ChatPanel
              chat={viewer.chat}
              field={field}
              dialogs={false}
              withStyle
              look={bleed ? "over" : "plain"}
              head={
                layout !== "tall" && (
                  <div className={styles.head}>
                    <h2>{t("chat.title")}</h2>
                    <IconButton
                      label={t("chat.close")}
                      data-testid="chat-close"
                      onClick={chat.close}
                    >
                      <PanelRightClose size={20} />
                    </IconButton>
                  </div>
                )
              }
              foot={!bleed && <ReactionRow chat={viewer.chat} />}
            />
          </aside>
        )}
        {panel === "clip" && <ClipDialog {...kept} onClose={() => setPanel(null)} />}
        {panel === "past" && <PastDialog {...kept} onClose={() => setPanel(null)} />}
        {viewer && <ChatDialogs chat={viewer.chat} />}
      </main>
    </div>
  );
}
