import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App, loadPage } from "./app";
import { languageStore } from "./i18n/language";
import { connectEarly } from "./live/early-viewer";
import { roomOfPath } from "./live/room-name";
import { shownPath } from "./navigation";
import "./styles/tokens.css";
import "./styles/base.css";

const element = document.getElementById("root");
if (element) void start(element);

async function start(element: HTMLElement): Promise<void> {
  const room = roomOfPath(shownPath());
  if (room !== null) connectEarly({ room, lang: languageStore.getSnapshot().language });
  loadPage(shownPath());
  await languageStore.load();
  createRoot(element).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
