import { lazy, type ReactNode, Suspense } from "react";
import { languageStore } from "./i18n/language";
import { roomOfPath } from "./live/room-name";
import { NotFoundPage } from "./pages/not-found";
import { usePath } from "./router";

const HomePage = lazy(async () => ({ default: (await import("./pages/home")).HomePage }));

// Hosts need not load a fan's page.
const WatchPage = lazy(async () => ({ default: (await import("./pages/watch")).WatchPage }));

// Fans need not load the studio, nor its words.
const HostPage = lazy(async () => {
  const [{ HostPage }] = await Promise.all([import("./pages/host"), languageStore.loadAll()]);
  return { default: HostPage };
});

const TrustPage = lazy(async () => {
  const [{ TrustPage }] = await Promise.all([import("./pages/trust"), languageStore.loadAll()]);
  return { default: TrustPage };
});

const DoctorPage = lazy(async () => {
  const [{ DoctorPage }] = await Promise.all([import("./pages/doctor"), languageStore.loadAll()]);
  return { default: DoctorPage };
});

export function App() {
  const path = usePath();
  return <Suspense fallback={null}>{pageOf(path)}</Suspense>;
}

function pageOf(path: string): ReactNode {
  switch (path) {
    case "/":
      return <HomePage />;
    case "/host":
      return <HostPage />;
    case "/trust":
      return <TrustPage />;
    case "/doctor":
      return <DoctorPage />;
  }
  const room = roomOfPath(path);
  return room === null ? <NotFoundPage /> : <WatchPage key={room} room={room} />;
}

/** Loads what the page of a path needs, beside the words. */
export function loadPage(path: string): void {
  if (path === "/") void import("./pages/home").catch(() => undefined);
  if (roomOfPath(path) !== null) void import("./pages/watch").catch(() => undefined);
}
