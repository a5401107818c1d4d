import type { ErrorCode, RoomState } from "./protocol";
import type { SignalingSnapshot } from "./signaling";

export type ViewerProblem = ErrorCode | "replaced" | "unsupported" | "turn_needs_name";

export type ViewerPhase =
  | "connecting"
  | "waiting"
  | "live"
  | "stalled"
  | "reconnecting"
  | "interrupted"
  | "ended"
  | "error";

interface PhaseInputs {
  problem: ViewerProblem | null;
  room: RoomState | null;
  signaling: SignalingSnapshot["status"];
  connected: boolean;
  playing: boolean;
  stalled: boolean;
}

/** What the fan is told, from all that is known. */
export function viewerPhase(inputs: PhaseInputs): ViewerPhase {
  const { problem, room, signaling, connected, playing, stalled } = inputs;
  if (problem) return "error";
  if (!room) return "connecting";
  // A lost socket alone changes nothing while media flows.
  const isFlowing = connected && playing && !stalled;
  if (signaling !== "open" && !isFlowing) return "reconnecting";
  switch (room.live) {
    case "offline":
    case "starting":
      return "waiting";
    case "interrupted":
    case "ended":
      return room.live;
    case "live":
      // Our own path is there, so it is the host's side that stands still.
      if (stalled && connected && room.hostTrouble) return "interrupted";
      if (stalled) return "stalled";
      return playing ? "live" : "connecting";
  }
}
