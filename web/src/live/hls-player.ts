import type Hls from "hls.js";
import { withBase } from "./base-path";

const MIME = "application/vnd.apple.mpegurl";
/** The host sends what HLS cannot carry. */
const UNFIT = [406, 415];
/** The server has no HLS. */
const NONE = 404;
const RETRY_MS = 1_000;
const OFTEN = { maxNumRetry: 40, retryDelayMs: 250, maxRetryDelayMs: 250 };
/** Who paused goes on with what is live, not with what is that old. */
const STALE_S = 3;

export interface HlsOptions {
  /** Null: plain media of the browser's own. For tests. */
  load?: () => Promise<typeof Hls>;
  refused: (isUnfit: boolean) => void;
}

/** The address of a room as HLS. `pass`: where not everybody may watch. */
export function hlsUrl(room: string, pass: string | null): string {
  const query = pass === null ? "" : `?pass=${encodeURIComponent(pass)}`;
  return withBase(`/hls/${encodeURIComponent(room)}/index.m3u8${query}`);
}

/** Plays a room as HLS, and goes on trying, until the function that it returns is called. */
export function playHls(video: HTMLVideoElement, url: string, options: HlsOptions): () => void {
  const abort = new AbortController();
  let hls: Hls | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const { load = async () => (await import("hls.js")).default } = options;
  const again = () => {
    hls?.destroy();
    hls = null;
    if (!abort.signal.aborted) timer = setTimeout(() => void attempt(), RETRY_MS);
  };
  const attempt = async () => {
    const isOwn = playsItself(video);
    // The server begins to package the room while the player is on its way.
    const [status, Player] = await Promise.all([
      statusOf(url, abort.signal),
      isOwn ? null : load().catch(() => null),
    ]);
    if (abort.signal.aborted) return;
    const isUnfit = UNFIT.includes(status);
    if (isUnfit || status === NONE) {
      options.refused(isUnfit);
      return;
    }
    if (status !== 200 || (!isOwn && Player === null)) {
      again();
      return;
    }
    if (Player?.isSupported()) hls = attach(Player, video, url, again);
    else if (isOwn) video.src = url;
    else options.refused(false);
  };
  const resumed = () => {
    const live = hls?.liveSyncPosition ?? null;
    if (live !== null && live - video.currentTime > STALE_S) video.currentTime = live;
  };
  const signal = abort.signal;
  video.addEventListener("play", resumed, { signal });
  video.addEventListener("error", () => video.src === url && again(), { signal });
  void attempt();
  return () => {
    abort.abort();
    clearTimeout(timer);
    hls?.destroy();
    video.removeAttribute("src");
    video.load();
  };
}

function attach(Player: typeof Hls, video: HTMLVideoElement, url: string, lost: () => void): Hls {
  const { playlistLoadPolicy: policy } = Player.DefaultConfig;
  const hls = new Player({
    // A worker would be another origin's, by the page's content security policy.
    enableWorker: false,
    lowLatencyMode: true,
    backBufferLength: 10,
    // A room that is packaged since a moment ago has no whole segment yet, which is an error to this player.
    playlistLoadPolicy: { default: { ...policy.default, errorRetry: OFTEN } },
  });
  let isMended = false;
  hls.on(Player.Events.ERROR, (_, { fatal, type }) => {
    if (!fatal) return;
    if (type === Player.ErrorTypes.MEDIA_ERROR && !isMended) {
      isMended = true;
      hls.recoverMediaError();
    } else {
      lost();
    }
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  return hls;
}

/** Safari on phones of before 2023 has no other way, and needs none. */
function playsItself(video: HTMLVideoElement): boolean {
  const hasSource = "MediaSource" in window || "ManagedMediaSource" in window;
  return !hasSource && video.canPlayType(MIME) !== "";
}

/** 0: no answer. */
async function statusOf(url: string, signal: AbortSignal): Promise<number> {
  try {
    const answer = await fetch(url, { signal, cache: "no-store" });
    return answer.status;
  } catch {
    return 0;
  }
}
