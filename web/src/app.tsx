import { lazy, Suspense } from "react";
import { languageStore } from "./i18n/language";
import { roomOfPath } from "./live/room-name";
import { shownPath } from "./navigation";
import { HomePage } from "./pages/home";
import { NotFoundPage } from "./pages/not-found";
import { usePath } from "./router";

/** Begun with the page where it shows a room: fans do not wait for a second script to ask for the third. */
const loadWatch = async () => ({ default: (await import("./pages/watch")).WatchPage });
const watchPage = roomOfPath(shownPath()) === null ? null : loadWatch();
const WatchPage = lazy(() => watchPage ?? loadWatch());

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
  if (path === "/") return <HomePage />;
  if (path === "/host") {
    return (
      <Suspense fallback={null}>
        <HostPage />
      </Suspense>
    );
  }
  if (path === "/trust") {
    return (
      <Suspense fallback={null}>
        <TrustPage />
      </Suspense>
    );
  }
  if (path === "/doctor") {
    return (
      <Suspense fallback={null}>
        <DoctorPage />
      </Suspense>
    );
  }
  const room = roomOfPath(path);
  if (room !== null) {
    return (
      <Suspense fallback={null}>
        <WatchPage key={room} room={room} />
      </Suspense>
    );
  }
  return <NotFoundPage />;
}
