import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { languageStore } from "./i18n/language";
import { connectEarly } from "./live/early-viewer";
import { roomOfPath } from "./live/room-name";
import { shownPath } from "./navigation";
import "./styles/tokens.css";
import "./styles/base.css";

const root = document.getElementById("root");
if (root) {
  const room = roomOfPath(shownPath());
  if (room !== null) connectEarly({ room, lang: languageStore.getSnapshot().language });
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
