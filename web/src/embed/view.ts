import { fill } from "../i18n/detect-language";
import type { PlayerSnapshot } from "../live/player";
import { roomUrl } from "../live/room-name";
import { type Icon, icon, setIcon } from "./icons";
import type { Message, Scene } from "./scene";
import type { Words } from "./words";

export interface ViewActions {
  togglePlay: () => void;
  toggleMuted: () => void;
  setVolume: (volume: number) => void;
}

/** After this long without a move of the pointer the controls make way for the picture. */
const IDLE_MS = 2_500;

/** iPhones can fill the screen with a video element only. */
type AppleVideo = HTMLVideoElement & { webkitEnterFullscreen?: () => void };

/** The elements of the embed, and what they show. */
export class View {
  readonly video: AppleVideo;
  readonly cover = make("canvas", "cover");
  readonly #stage: HTMLElement;
  readonly #words: Words;
  readonly #events = new AbortController();
  readonly #title: HTMLAnchorElement;
  readonly #status = make("div", "status");
  readonly #recorded = make("div", "recorded");
  readonly #reload: HTMLButtonElement;
  readonly #bar = make("div", "bar");
  readonly #play: HTMLButtonElement;
  readonly #mute: HTMLButtonElement;
  readonly #volume = make("input", "volume");
  readonly #edge: HTMLButtonElement;
  readonly #full: HTMLButtonElement;
  readonly #pill: HTMLButtonElement;
  readonly #tap: HTMLButtonElement;
  readonly #hasControls: boolean;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    stage: HTMLElement,
    room: string,
    words: Words,
    actions: ViewActions,
    hasControls: boolean,
  ) {
    this.#stage = stage;
    this.#words = words;
    this.#hasControls = hasControls;
    this.video = make("video", "video");
    this.video.playsInline = true;
    this.video.setAttribute("aria-label", words["watch.video"]);
    this.#title = make("a", "title");
    this.#title.href = roomUrl(room);
    this.#title.target = "_blank";
    this.#title.rel = "noopener";
    this.#status.setAttribute("role", "status");
    this.#recorded.textContent = words["watch.recorded"];
    this.#recorded.title = words["watch.recordedText"];
    this.#recorded.dataset.testid = "rec-mark";
    this.#reload = button("reload", "", () => location.reload(), words["problem.reload"]);
    this.#play = button("play", words["player.play"], actions.togglePlay);
    this.#mute = button("mute", words["player.mute"], actions.toggleMuted);
    this.#edge = button("edge", "", actions.togglePlay, words["watch.live"]);
    this.#full = button("full", words["player.full"], () => this.#toggleFull());
    this.#pill = button("pill", "", actions.toggleMuted, words["watch.unmute"]);
    this.#pill.dataset.testid = "unmute";
    this.#tap = button("tap", words["watch.tapToPlay"], actions.togglePlay);
    this.#tap.append(icon("play"));
    this.#play.append(icon("play"));
    this.#mute.append(icon("sound"));
    this.#full.append(icon("full"));
    this.#setUpVolume(actions);
    this.#bar.setAttribute("role", "toolbar");
    this.#bar.setAttribute("aria-label", words["player.controls"]);
    this.#bar.append(this.#play, this.#mute, this.#volume, this.#edge, this.#full);
    stage.append(this.video, this.cover, this.#title, this.#status, this.#reload);
    stage.append(this.#recorded, this.#pill, this.#tap, this.#bar);
    stage.dataset.testid = "embed-state";
    this.#listen(actions);
  }

  draw(scene: Scene, player: PlayerSnapshot): void {
    const { dataset } = this.#stage;
    dataset.state = scene.state;
    dataset.picture = String(scene.hasPicture);
    const words = this.#words;
    const withControls = this.#hasControls && scene.hasPicture;
    this.cover.hidden = !player.covered || !scene.hasPicture;
    this.#title.hidden = !this.#hasControls;
    this.#recorded.hidden = !scene.isRecorded;
    this.#write(scene);
    this.#bar.hidden = !withControls;
    show(this.#play, player.paused ? "play" : "pause", words, player.paused ? "play" : "pause");
    show(this.#mute, player.muted ? "muted" : "sound", words, player.muted ? "unmute" : "mute");
    const volume = String(player.muted ? 0 : player.volume);
    if (this.#volume.value !== volume) this.#volume.value = volume;
    this.#edge.dataset.live = String(scene.isLive);
    this.#edge.disabled = !player.paused;
    this.#edge.textContent = words[player.paused ? "embed.edge" : "watch.live"];
    this.#full.hidden = !canFull(this.video);
    this.#pill.hidden = !(withControls && player.muted && !player.paused);
    this.#tap.hidden = !scene.wantsTap;
  }

  close(): void {
    this.#events.abort();
    clearTimeout(this.#idleTimer);
  }

  #write({ title, host, message, wantsTap }: Scene): void {
    setText(this.#title, "name", [title, host]);
    this.#title.setAttribute("aria-label", fill(this.#words["embed.open"], { room: title }));
    const said = wantsTap ? null : message;
    this.#stage.dataset.message = said?.in ?? "none";
    this.#stage.dataset.busy = String(said?.busy ?? false);
    setText(this.#status, "line", linesOf(said));
    this.#reload.hidden = !said?.canReload;
  }

  #setUpVolume({ setVolume }: ViewActions): void {
    const input = this.#volume;
    input.type = "range";
    input.min = "0";
    input.max = "1";
    input.step = "0.05";
    input.setAttribute("aria-label", this.#words["player.volume"]);
    input.addEventListener("input", () => setVolume(Number(input.value)));
  }

  #listen(actions: ViewActions): void {
    const { signal } = this.#events;
    const stage = this.#stage;
    const wake = () => {
      stage.dataset.idle = "false";
      clearTimeout(this.#idleTimer);
      this.#idleTimer = setTimeout(() => {
        stage.dataset.idle = String(!this.video.paused);
      }, IDLE_MS);
    };
    for (const event of ["pointermove", "pointerdown", "keydown", "focusin"])
      stage.addEventListener(event, wake, { signal });
    wake();
    this.video.addEventListener("click", (event) => {
      // A touch only shows the controls; a mouse click is the desktop's play button.
      const isTouch = (event as PointerEvent).pointerType === "touch";
      if (this.#hasControls && !isTouch) actions.togglePlay();
    });
    this.video.addEventListener("dblclick", () => this.#hasControls && this.#toggleFull());
    document.addEventListener(
      "fullscreenchange",
      () => {
        const isFull = document.fullscreenElement !== null;
        show(this.#full, isFull ? "small" : "full", this.#words, isFull ? "fullExit" : "full");
      },
      { signal },
    );
    document.addEventListener("keydown", (event) => this.#pressed(event, actions), { signal });
  }

  #pressed(event: KeyboardEvent, actions: ViewActions): void {
    if (!this.#hasControls || event.ctrlKey || event.metaKey || event.altKey) return;
    // A button and the slider have their own keys.
    const isFree = !(event.target as Element).closest?.("button, input, a");
    if (event.key === "k" || (event.key === " " && isFree)) actions.togglePlay();
    else if (event.key === "m") actions.toggleMuted();
    else if (event.key === "f") this.#toggleFull();
    else return;
    event.preventDefault();
  }

  #toggleFull(): void {
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
    else if (document.fullscreenEnabled)
      void document.documentElement.requestFullscreen().catch(() => undefined);
    else this.video.webkitEnterFullscreen?.();
  }
}

/** Where the page around does not allow it there is no button for it. */
function canFull(video: AppleVideo): boolean {
  return document.fullscreenEnabled || video.webkitEnterFullscreen !== undefined;
}

function linesOf(message: Message | null): string[] {
  return message ? [message.title, message.text] : [];
}

function show(
  element: HTMLButtonElement,
  image: Icon,
  words: Words,
  action: "play" | "pause" | "mute" | "unmute" | "full" | "fullExit",
): void {
  element.setAttribute("aria-label", words[`player.${action}`]);
  const svg = element.firstElementChild;
  if (svg instanceof SVGSVGElement) setIcon(svg, image);
}

/** A line for each text that there is. What is there already stays, so that nothing is read out twice. */
function setText(element: HTMLElement, className: string, texts: readonly string[]): void {
  const wanted = texts.filter((text) => text !== "");
  if (wanted.join("\n") === [...element.children].map((it) => it.textContent).join("\n")) return;
  element.replaceChildren(
    ...wanted.map((text) => {
      const line = make("span", className);
      line.textContent = text;
      return line;
    }),
  );
}

function button(name: string, label: string, press: () => void, text = ""): HTMLButtonElement {
  const made = make("button", name);
  made.type = "button";
  if (label) made.setAttribute("aria-label", label);
  made.textContent = text;
  made.addEventListener("click", press);
  return made;
}

function make<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  className: string,
): HTMLElementTagNameMap[T] {
  const element = document.createElement(tag);
  element.className = className;
  return element;
}
