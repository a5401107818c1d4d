/** What a lock screen, a headset or a media key shows and asks. */
export interface NowPlaying {
  title: string;
  artist: string;
  /** Address of a picture. */
  artwork: string;
}

export interface PlaybackActions {
  play: () => void;
  pause: () => void;
  /** Null, or absent: there is nothing to go back to. */
  seekbackward?: (() => void) | null;
  seekforward?: (() => void) | null;
}

const ACTIONS = ["play", "pause", "stop", "seekbackward", "seekforward"] as const;

/** Shows what plays here (W3C Media Session) until the function that it returns is called. */
export function showMediaSession(now: NowPlaying, actions: PlaybackActions): () => void {
  const { mediaSession: session } = navigator as { mediaSession?: MediaSession };
  if (!session || typeof MediaMetadata === "undefined") return () => undefined;
  const { title, artist, artwork } = now;
  session.metadata = new MediaMetadata({ title, artist, artwork: [{ src: artwork }] });
  const handlers = { ...actions, stop: actions.pause };
  for (const action of ACTIONS) setHandler(session, action, handlers[action] ?? null);
  return () => {
    session.metadata = null;
    for (const action of ACTIONS) setHandler(session, action, null);
  };
}

function setHandler(session: MediaSession, action: MediaSessionAction, act: (() => void) | null) {
  try {
    session.setActionHandler(action, act);
  } catch {
    // A browser that does not know the action has no key for it either.
  }
}
