import { useState } from "react";
import { parseRoomName } from "../live/room-name";
import { recallString, remember } from "../live/storage";
import { renameEntry } from "../navigation";

/** Which room the host goes live in, and under which name; remembered for the next time. */
export function useRoomChoice() {
  const [room, setText] = useState(firstRoom);
  const [name, setName] = useState(() => recallString("host-name") ?? "");
  const [invalid, setInvalid] = useState(false);
  const parsed = parseRoomName(room);
  return {
    room,
    name,
    parsed,
    invalid,
    setName,
    setRoom: (text: string) => {
      setText(text);
      setInvalid(false);
    },
    /** The room to go live in, or null after saying what is wrong with its name. */
    confirm: (): string | null => {
      setInvalid(parsed === null);
      if (parsed === null) return null;
      setText(parsed);
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
