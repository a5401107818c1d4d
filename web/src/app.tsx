import { lazy, Suspense } from "react";
import { languageStore } from "./i18n/language";
import { roomOfPath } from "./live/room-name";
import { HomePage } from "./pages/home";
import { NotFoundPage } from "./pages/not-found";
import { WatchPage } from "./pages/watch";
import { usePath } from "./router";

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
  if (room !== null) return <WatchPage key={room} room={room} />;
  return <NotFoundPage />;
}
