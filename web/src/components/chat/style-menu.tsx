import { Baseline } from "lucide-react";
import { useLanguage } from "../../hooks/use-language";
import type { Chat, ChatSnapshot } from "../../live/chat";
import { CHAT_COLORS } from "../../live/chat-colors";
import { Spinner } from "../button";
import { laterWithWords } from "../later";
import { Popup } from "../popup";

const StylePanel = laterWithWords(
  async () => (await import("./style-panel")).StylePanel,
  <Spinner />,
);

/** How the person's messages look over the picture: where, and in which colour. */
export function StyleMenu({
  chat,
  snapshot,
  look = "plain",
}: {
  chat: Chat;
  snapshot: ChatSnapshot;
  look?: "plain" | "over";
}) {
  const { t } = useLanguage();
  const { style } = snapshot;
  return (
    <Popup
      label={t("chat.style")}
      icon={<Baseline size={20} style={{ color: swatch(style.color) }} />}
      look={look}
      testId="chat-style"
    >
      <StylePanel chat={chat} snapshot={snapshot} />
    </Popup>
  );
}

/** White is the text's own colour here: it would not be seen on a light page. */
function swatch(color: ChatSnapshot["style"]["color"]): string {
  return color === "white" ? "currentcolor" : CHAT_COLORS[color];
}
