import { lazy, Suspense } from "react";
import { roomOfPath } from "./live/room-name";
import { HomePage } from "./pages/home";
import { NotFoundPage } from "./pages/not-found";
import { WatchPage } from "./pages/watch";
import { usePath } from "./router";

// Fans need not load the studio.
const HostPage = lazy(async () => ({ default: (await import("./pages/host")).HostPage }));

const TrustPage = lazy(async () => ({ default: (await import("./pages/trust")).TrustPage }));

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
  const room = roomOfPath(path);
  if (room !== null) return <WatchPage key={room} room={room} />;
  return <NotFoundPage />;
}
