import { Viewer, type ViewerOptions } from "./viewer";

let early: { room: string; viewer: Viewer } | null = null;

/** Connects before the page is drawn: the socket and the handshake take as long as that. */
export function connectEarly(options: ViewerOptions): void {
  early = { room: options.room, viewer: new Viewer(options) };
}

/** The viewer that connected early, once; another one when there is none of that room. */
export function takeViewer(options: ViewerOptions): Viewer {
  const taken = early;
  early = null;
  if (taken?.room === options.room) return taken.viewer;
  taken?.viewer.close();
  return new Viewer(options);
}
