import { afterEach, expect, test, vi } from "vitest";
import { showMediaSession } from "./media-session";

afterEach(() => vi.unstubAllGlobals());

const NOW = { title: "直播", artist: "小明", artwork: "/icon-512.png" };

test("a lock screen shows what plays, pauses it, and forgets it afterwards", () => {
  const handlers = new Map<string, (() => void) | null>();
  const session = {
    metadata: null as unknown,
    setActionHandler(action: string, handler: (() => void) | null) {
      if (action === "stop") throw new TypeError("not known here");
      handlers.set(action, handler);
    },
  };
  vi.stubGlobal("navigator", { mediaSession: session });
  vi.stubGlobal(
    "MediaMetadata",
    class {
      constructor(init: object) {
        Object.assign(this, init);
      }
    },
  );
  const actions = { play: vi.fn(), pause: vi.fn() };
  const end = showMediaSession(NOW, actions);
  const { title, artist } = NOW;
  expect(session.metadata).toMatchObject({ title, artist, artwork: [{ src: NOW.artwork }] });
  handlers.get("pause")?.();
  expect(actions.pause).toHaveBeenCalledOnce();
  end();
  expect([session.metadata, handlers.get("play")]).toEqual([null, null]);
});

test("a browser without it shows nothing", () => {
  vi.stubGlobal("navigator", {});
  expect(() => showMediaSession(NOW, { play: vi.fn(), pause: vi.fn() })()).not.toThrow();
});
