import type { PictureChoice } from "./picture-choice";
import type { RoomState, ServerMessage } from "./protocol";
import type { ReceiveStats } from "./stats";
import type { ViewerPhase, ViewerProblem } from "./viewer-phase";
import type { NoPath } from "./why-no-path";

export interface ViewerSnapshot {
  phase: ViewerPhase;
  room: RoomState | null;
  /** A new object for each peer connection; the page keeps the last frame of the one before. */
  stream: MediaStream | null;
  viewers: number;
  attempt: number;
  problem: ViewerProblem | null;
  /** What exactly, such as the codec that is missing. */
  detail: string | null;
  /** Whether we go on trying in spite of the problem. */
  retrying: boolean;
  /** When the page tries again by itself to find a place in a full room or server. */
  retryAtMs: number | null;
  /** Why there is no path to the server, while one is sought. */
  noPath: NoPath | null;
  stats: ReceiveStats | null;
  choice: PictureChoice;
  /** Whether the picture is buffered, to be smooth. */
  smooth: boolean;
  /** What the server sends of the picture, as it says. */
  layer: LayerNow | null;
}

export type LayerNow = Extract<ServerMessage, { type: "layer_now" }>;

export const VIEWER_START: ViewerSnapshot = {
  phase: "connecting",
  room: null,
  stream: null,
  viewers: 0,
  attempt: 0,
  problem: null,
  detail: null,
  retrying: false,
  retryAtMs: null,
  noPath: null,
  stats: null,
  choice: "auto",
  smooth: false,
  layer: null,
};
