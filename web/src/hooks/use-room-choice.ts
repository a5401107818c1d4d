import { useState } from "react";
import { type NameProblem, nameProblem, parseRoomName } from "../live/room-name";
import { recallString, remember } from "../live/storage";
import { renameEntry } from "../navigation";

/** Which room the host goes live in, and under which name; remembered for the next time. */
export interface RoomChoice {
  /** As it is typed. */
  room: string;
  name: string;
  /** The room's name in the server's spelling; null when it would be refused. */
  parsed: string | null;
  problem: NameProblem | null;
  setRoom: (text: string) => void;
  setName: (text: string) => void;
  /** The room to go live in; null when its name would be refused. */
  confirm: () => string | null;
}

export function useRoomChoice(): RoomChoice {
  const [room, setRoom] = useState(firstRoom);
  const [name, setName] = useState(() => recallString("host-name") ?? "");
  const parsed = parseRoomName(room);
  return {
    room,
    name,
    parsed,
    problem: nameProblem(room),
    setName,
    setRoom,
    confirm: () => {
      if (parsed === null) return null;
      setRoom(parsed);
      remember("host-room", parsed);
      remember("host-name", name.trim());
      // A reload comes back to the same room.
      renameEntry(`/host?room=${encodeURIComponent(parsed)}`);
      return parsed;
    },
  };
}

function firstRoom(): string {
  const asked = new URLSearchParams(location.search).get("room");
  return asked ?? recallString("host-room") ?? "default";
}
