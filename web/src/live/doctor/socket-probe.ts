import type { PathResult } from "../protocol";
import { Signaling, type SignalingOptions } from "../signaling";

/** Opening, greeting and the welcome. */
const WITHIN_MS = 5_000;

/** A room that nobody is in: the server tells its own machine from others by the address, not by this. */
const ROOM = "doctor";

/** Whether the WebSocket of the pages opens and is welcomed. */
export function probeSocket(
  signal: AbortSignal,
  options: Partial<SignalingOptions> = {},
): Promise<PathResult> {
  const startedAt = performance.now();
  return new Promise((resolve) => {
    const signaling = new Signaling({
      hello: { role: "fan", room: ROOM, caps: { video: [] } },
      onMessage: ({ type }) => {
        if (type === "welcome") finish("works");
      },
      ...options,
    });
    const timer = setTimeout(() => finish("closed"), WITHIN_MS);
    const abort = () => finish("closed");
    signal.addEventListener("abort", abort, { once: true });
    function finish(state: "works" | "closed"): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      signaling.send({ type: "leave" });
      signaling.close();
      const ms = Math.round(performance.now() - startedAt);
      resolve({ path: "web_socket", state, ms });
    }
  });
}
