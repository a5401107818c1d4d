import { withBase } from "../../live/base-path";
import type { RoomSummary } from "../../live/protocol";
import { useResource } from "./use-resource";

const EVERY_MS = 5_000;

const load = async (_: unknown, __: string, signal: AbortSignal): Promise<RoomSummary[]> => {
  const response = await fetch(withBase("/api/rooms"), { signal });
  return response.ok ? ((await response.json()) as RoomSummary[]) : [];
};

/** The rooms that everybody may see live, with titles and pictures. */
export function useLive(): readonly RoomSummary[] {
  return useResource<RoomSummary[]>(load, "", EVERY_MS).data ?? [];
}
