import { useCallback, useEffect, useState } from "react";
import type { GuestStreams } from "../live/guest-streams";
import type { LocalMedia, LocalMediaSnapshot } from "../live/local-media";
import type { Publisher, PublisherSnapshot } from "../live/publisher";
import type { RecordSwitch } from "../live/record-switch";
import { forgetLive, type LiveNote, recallLive } from "../live/resume";
import { parseRoomName } from "../live/room-name";
import { recallTitle, rememberTitle } from "../live/room-title";
import { useGuestFeed } from "./use-guest-feed";
import type { Host } from "./use-host";
import { type KeyQuestion, useKeyQuestion } from "./use-key-question";
import { useLanguage } from "./use-language";
import { useLeaveGuard } from "./use-leave-guard";
import { useOnAir } from "./use-on-air";
import { useRecordSwitch } from "./use-record-switch";
import { type RoomChoice, useRoomChoice } from "./use-room-choice";
import { useStable } from "./use-stable";
import { useStore } from "./use-store";

/** All that the studio's parts show and do. */
export interface Studio {
  media: LocalMedia;
  publisher: Publisher;
  snapshot: LocalMediaSnapshot;
  broadcast: PublisherSnapshot;
  /** What the guests on stage send. */
  guestStreams: GuestStreams | null;
  /** Has the broadcast recorded. */
  record: RecordSwitch | null;
  choice: RoomChoice;
  title: string;
  setTitle: (title: string) => void;
  /** What this browser was live with when its page was closed; null when there is nothing to go on with. */
  note: LiveNote | null;
  /** Another program or page is live in the room, and nothing is sent from here. */
  isFed: boolean;
  mirror: boolean;
  setMirror: (mirror: boolean) => void;
  /** The host is asked whether to end. */
  isEnding: boolean;
  isLeaving: boolean;
  goLive: (room?: string) => void;
  askEnd: () => void;
  stay: () => void;
  end: () => void;
  again: () => void;
  /** Goes on with the broadcast of before; from a click, since a screen is asked for by one only. */
  resume: () => Promise<void>;
  endNoted: () => void;
  key: KeyQuestion;
  /** The key was entered, changed or forgotten. */
  keyChanged: () => void;
}

/** What a person types stands still for so long before the server is asked. */
const TYPED_MS = 500;

export function useStudio({ media, publisher }: Host): Studio {
  const { language } = useLanguage();
  const snapshot = useStore(media);
  const broadcast = useStore(publisher);
  const guestStreams = useGuestFeed(publisher);
  const record = useRecordSwitch(publisher);
  const choice = useRoomChoice();
  const [mirror, setMirror] = useState(true);
  const [isEnding, setEnding] = useState(false);
  const [keys, setKeys] = useState(0);
  const key = useKeyQuestion(broadcast);
  const { phase, desk, room } = broadcast;
  const isLive = phase === "live";
  const leaving = useLeaveGuard(isLive);
  useOnAir(isLive);
  useEffect(() => {
    if (!isLive) setEnding(false);
  }, [isLive]);
  useDesk(publisher, broadcast, choice, language, keys);
  const [title, setTitle] = useTitleOf(publisher, broadcast, choice.parsed);
  const [note, dropNote] = useNote(broadcast, choice.parsed);

  const goLive = (other?: string) => {
    if (other !== undefined) choice.setRoom(other);
    const asked = other === undefined ? choice.confirm() : parseRoomName(other);
    if (asked === null) return;
    dropNote();
    publisher.goLive({ room: asked, name: choice.name.trim(), lang: language });
    if (title !== "" && title !== publisher.getSnapshot().room?.title) {
      publisher.say({ type: "room_set", title, notice: null });
    }
  };
  const isOnAir = room?.live === "live" || room?.live === "interrupted";
  const isFed = useFed(broadcast, isOnAir) && desk === "open";
  return {
    media,
    publisher,
    snapshot,
    broadcast,
    guestStreams,
    record,
    choice,
    title,
    setTitle,
    note: isOnAir && !isLive && phase !== "connecting" ? note : null,
    isFed,
    mirror,
    setMirror,
    isEnding: (isLive || isEnding) && (isEnding || leaving.go !== null),
    isLeaving: leaving.go !== null,
    goLive,
    askEnd: () => setEnding(true),
    stay: () => {
      setEnding(false);
      leaving.stay();
    },
    end: () => {
      setEnding(false);
      if (!isLive) {
        publisher.endElsewhere();
        return;
      }
      publisher.end();
      media.release();
      leaving.go?.();
    },
    again: () => {
      publisher.reset();
      // Who shared a screen only is asked again what to show.
      if (snapshot.source === "camera") void media.open();
    },
    resume: async () => {
      if (!note) return;
      if (note.source === "screen") await media.openScreen();
      else await media.open();
      if (media.getSnapshot().stream) goLive();
    },
    endNoted: () => {
      publisher.endElsewhere();
      dropNote();
    },
    key,
    keyChanged: () => setKeys((n) => n + 1),
  };
}

/** Talks with the room before anybody is live in it: who waits, whether a key is needed. */
function useDesk(
  publisher: Publisher,
  { phase, desk, problem }: PublisherSnapshot,
  { parsed, name }: RoomChoice,
  lang: string,
  keys: number,
): void {
  const room = useStable(parsed, TYPED_MS);
  const settledName = useStable(name.trim(), TYPED_MS);
  const isShut = phase === "idle" && desk === "none" && problem === null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another key is another try
  useEffect(() => {
    if (room !== null) publisher.open({ room, name: settledName, lang });
  }, [publisher, room, settledName, lang, keys, isShut]);
}

/** The title of the room: as the server has it, else as this host gave it the last time. */
function useTitleOf(
  publisher: Publisher,
  { desk, room }: PublisherSnapshot,
  name: string | null,
): [string, (title: string) => void] {
  const [typed, setTyped] = useState<{ room: string | null; title: string } | null>(null);
  const known = room?.room === name ? room?.title : null;
  const own = typed?.room === name ? typed.title : null;
  const toSay = useStable(own?.trim() ?? null, TYPED_MS);
  useEffect(() => {
    if (toSay === null || desk !== "open") return;
    if (toSay !== (known ?? "")) publisher.say({ type: "room_set", title: toSay, notice: null });
    // What the server knows may change elsewhere.
    else setTyped(null);
  }, [publisher, toSay, known, desk]);
  const save = useCallback(
    (title: string) => {
      setTyped({ room: name, title });
      if (name !== null) rememberTitle(name, title.trim());
    },
    [name],
  );
  return [own ?? known ?? (name === null ? "" : recallTitle(name)), save];
}

/** What this browser was live with in the room when its page was closed. */
function useNote({ room }: PublisherSnapshot, name: string | null): [LiveNote | null, () => void] {
  const [note, setNote] = useState(recallLive);
  const isOver = note !== null && room?.room === note.room && isIdle(room.live);
  useEffect(() => {
    if (!isOver) return;
    forgetLive();
    setNote(null);
  }, [isOver]);
  return [note?.room === name ? note : null, () => setNote(null)];
}

/** Somebody else's picture came since this page looks; an interruption alone does not end that. */
function useFed({ phase, room }: PublisherSnapshot, isOnAir: boolean): boolean {
  const [fed, setFed] = useState<string | null>(null);
  const isElsewhere = phase === "idle" && isOnAir && room !== null;
  const now = isElsewhere && (room.live === "live" || fed === room.room) ? room.room : null;
  if (now !== fed) setFed(now);
  return now !== null;
}

function isIdle(live: string): boolean {
  return live === "offline" || live === "ended";
}
