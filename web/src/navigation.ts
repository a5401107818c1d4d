import { withBase, withoutBase } from "./live/base-path";

/** The pages' own history: one place that every way from page to page goes through. */

const MOVED = "kaibo:moved";

/** Asks the person; calls `go` when they want to leave. */
export type LeaveGuard = (go: () => void) => void;

let guard: LeaveGuard | null = null;
/** The page that is shown: while a guard asks, the address bar may be ahead of it. */
let shown = location.pathname;
/** The place of the shown page in the history, noted in each entry. */
let place = noted() ?? 0;
/** What to do once the browser is back where it was. */
let whenBack: (() => void) | null = null;

note();
window.addEventListener("popstate", moved);

/** Goes to another page of ours, unless a guard keeps the person. */
export function navigate(path: string): void {
  leave(() => {
    place += 1;
    history.pushState({ place }, "", withBase(path));
    show();
    window.scrollTo(0, 0);
  });
}

/** Another address of the page that is shown: a reload comes back to it. */
export function renameEntry(path: string): void {
  history.replaceState(history.state, "", withBase(path));
}

/** From now on every way to another page asks first; until the returned function is called. */
export function guardLeaving(ask: LeaveGuard): () => void {
  guard = ask;
  return () => {
    if (guard === ask) guard = null;
  };
}

/** Without the path below which the server is reached. */
export function shownPath(): string {
  return withoutBase(shown);
}

export function subscribeToPath(listener: () => void): () => void {
  window.addEventListener(MOVED, listener);
  return () => window.removeEventListener(MOVED, listener);
}

function leave(go: () => void): void {
  if (!guard) {
    go();
    return;
  }
  guard(() => {
    guard = null;
    go();
  });
}

/** Back, forward, or a link to a part of the page. The address has changed already. */
function moved(): void {
  if (whenBack) {
    const ask = whenBack;
    whenBack = null;
    ask();
    return;
  }
  if (location.pathname === shown) {
    place = noted() ?? place + 1;
    note();
    return;
  }
  const there = noted();
  if (!guard) {
    place = there ?? place + 1;
    note();
    show();
    return;
  }
  if (there === null) {
    // Not an entry of ours, so how far away it is cannot be told: the shown page moves after it.
    history.pushState({ place }, "", shown);
    leave(() => history.back());
    return;
  }
  const steps = there - place;
  whenBack = () => leave(() => history.go(steps));
  history.go(-steps);
}

function show(): void {
  shown = location.pathname;
  window.dispatchEvent(new Event(MOVED));
}

function noted(): number | null {
  const { place } = (history.state ?? {}) as { place?: unknown };
  return typeof place === "number" ? place : null;
}

function note(): void {
  history.replaceState({ ...history.state, place }, "");
}
