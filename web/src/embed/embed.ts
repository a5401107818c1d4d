import { artworkOf } from "../live/artwork";
import { showMediaSession } from "../live/media-session";
import { Player } from "../live/player";
import { Cast } from "./cast";
import type { EmbedOptions } from "./options";
import { PageAround } from "./page-around";
import { type Scene, sceneOf } from "./scene";
import { View } from "./view";
import { Watcher, type WatcherOptions, type WatcherSnapshot } from "./watcher";
import type { Words } from "./words";

interface Parts {
  stage: HTMLElement;
  watch: WatcherOptions;
  words: Words;
  options: EmbedOptions;
}

/** A room's picture on somebody else's page: with a small face. */
export class Embed {
  readonly #parts: Parts;
  readonly #view: View;
  readonly #cast: Cast;
  readonly #player: Player;
  readonly #around: PageAround;
  #watcher: Watcher | null = null;
  #stopSession: (() => void) | null = null;
  #shown = "";

  constructor(parts: Parts) {
    this.#parts = parts;
    const { stage, watch, words, options } = parts;
    const actions = {
      togglePlay: () => (this.#isPlaying() ? this.#player.video.pause() : this.#play()),
      toggleMuted: () => this.#player.toggleMuted(),
      setVolume: (volume: number) => this.#player.setVolume(volume),
    };
    this.#view = new View(stage, watch.room, words, actions, options.controls);
    const { video, cover } = this.#view;
    this.#cast = new Cast([video, cover]);
    const frameShown = () => this.#watcher?.frameShown();
    this.#player = new Player(video, cover, frameShown, undefined, options.muted ?? undefined);
    this.#around = new PageAround({
      play: () => this.#play(),
      pause: () => video.pause(),
      mute: () => void this.#player.setMuted(true),
      unmute: () => void this.#player.setMuted(false),
      volume: (value) => this.#player.setVolume(value),
    });
    this.#player.subscribe(() => this.#changed());
    if (options.autoplay) this.#start();
    this.#changed();
  }

  close(): void {
    this.#watcher?.close();
    this.#around.close();
    this.#view.close();
    this.#player.close();
    this.#stopSession?.();
  }

  #isPlaying(): boolean {
    return this.#watcher !== null && !this.#player.video.paused;
  }

  #play(): void {
    if (this.#watcher === null) this.#start();
    else void this.#player.play();
  }

  #start(): void {
    this.#watcher = new Watcher(this.#parts.watch);
    this.#watcher.subscribe(() => this.#changed());
    this.#changed();
  }

  #changed(): void {
    const watched = this.#watcher?.getSnapshot() ?? null;
    if (watched) this.#player.setStream(watched.stream);
    const player = this.#player.getSnapshot();
    const { room } = this.#parts.watch;
    const scene = sceneOf(room, watched, player, this.#parts.words);
    this.#view.draw(scene, player);
    if (watched && scene.hasPicture) this.#cast.draw(watched, player);
    else this.#cast.clear();
    this.#show(scene, watched);
    const { paused, muted, volume } = player;
    const isPaused = paused || watched === null;
    this.#around.tell({
      room,
      state: scene.state,
      paused: isPaused,
      muted,
      volume,
      title: scene.title,
    });
  }

  /** Tells the title of the window and the lock screen what plays. */
  #show({ title, host, hasPicture }: Scene, watched: WatcherSnapshot | null): void {
    const artwork = artworkOf(watched?.room ?? null);
    const shown = JSON.stringify([title, host, hasPicture && artwork]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    document.title = title;
    this.#stopSession?.();
    this.#stopSession = null;
    if (!hasPicture) return;
    const actions = { play: () => this.#play(), pause: () => this.#player.video.pause() };
    this.#stopSession = showMediaSession({ title, artist: host, artwork }, actions);
  }
}
