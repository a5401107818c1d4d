import { detectLanguage } from "../i18n/detect-language";
import { withoutBase } from "../live/base-path";
import { Embed } from "./embed";
import { readOptions, roomOfEmbed } from "./options";
import { WORDS } from "./words";
import "./embed.css";

const stage = document.getElementById("embed");
const lang = detectLanguage(location.search, null, navigator.languages ?? []);
document.documentElement.lang = lang;
const words = WORDS[lang];
const room = roomOfEmbed(withoutBase(location.pathname));
if (stage && room === null) {
  stage.dataset.message = "card";
  stage.dataset.testid = "not-found";
  const text = document.createElement("p");
  text.className = "status";
  text.textContent = words["problem.not_found"];
  stage.append(text);
} else if (stage && room !== null) {
  const watch = { room, lang };
  const embed = new Embed({ stage, watch, words, options: readOptions(location.search) });
  window.addEventListener("pagehide", () => embed.close());
  // Connections do not survive in the back-forward cache.
  window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}
