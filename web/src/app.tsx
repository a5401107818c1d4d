import type { ReactNode } from "react";
import { later, laterWithWords } from "./components/later";
import { languageStore } from "./i18n/language";
import { clipOfPath, pastOfPath, roomOfPath } from "./live/room-name";
import { usePath } from "./router";

const HomePage = later(async () => {
  const [{ HomePage }] = await Promise.all([import("./pages/home"), languageStore.loadHome()]);
  return HomePage;
});

// Hosts need not load a fan's page.
const WatchPage = later(async () => (await import("./pages/watch")).WatchPage);

const PastPage = laterWithWords(async () => (await import("./pages/past")).PastPage);

const ClipPage = laterWithWords(async () => (await import("./pages/clip")).ClipPage);

const NotFoundPage = later(async () => (await import("./pages/not-found")).NotFoundPage);

// Fans need not load the studio, nor its words.
const HostPage = later(async () => {
  const [{ HostPage }] = await Promise.all([import("./pages/host"), languageStore.loadAll()]);
  return HostPage;
});

const TrustPage = later(async () => {
  const [{ TrustPage }] = await Promise.all([import("./pages/trust"), languageStore.loadAll()]);
  return TrustPage;
});

const DoctorPage = later(async () => {
  const [{ DoctorPage }] = await Promise.all([import("./pages/doctor"), languageStore.loadAll()]);
  return DoctorPage;
});

const AdminPage = later(async () => (await import("./pages/admin")).loadAdmin());

export function App() {
  return pageOf(usePath());
}

function pageOf(path: string): ReactNode {
  const room = roomOfPath(path);
  if (room !== null) return <WatchPage key={room} room={room} />;
  const past = pastOfPath(path);
  if (past !== null) return <PastPage key={past.id} {...past} />;
  const clip = clipOfPath(path);
  if (clip !== null) return <ClipPage key={clip} id={clip} />;
  const Page = other(path);
  return <Page />;
}

/** The page of a path that names no room and no clip. */
function other(path: string): typeof HomePage {
  return path.startsWith("/admin/") ? AdminPage : (PAGES[path] ?? NotFoundPage);
}

const PAGES: Record<string, typeof HomePage> = {
  "/": HomePage,
  "/host": HostPage,
  "/trust": TrustPage,
  "/doctor": DoctorPage,
  "/admin": AdminPage,
};

/** Loads what the page of a path needs, beside the words. */
export function loadPage(path: string): void {
  if (roomOfPath(path) !== null) WatchPage.fetch();
  else if (pastOfPath(path) !== null) PastPage.fetch();
  else if (clipOfPath(path) !== null) ClipPage.fetch();
  else other(path).fetch();
}
