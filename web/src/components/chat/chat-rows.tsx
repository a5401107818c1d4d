import { useLayoutEffect, useRef } from "react";
import type { ChatLine } from "../../live/chat-lines";
import type { ChatItem } from "../../live/protocol";
import { ChatLineView } from "./chat-line";

interface ChatRowsProps {
  lines: readonly ChatLine[];
  isOwn: (item: ChatItem) => boolean;
  onShown: () => void;
}

/** The lines in a list of the chat. */
export function ChatRows({ lines, isOwn, onShown }: ChatRowsProps) {
  const first = useRef(onShown);
  useLayoutEffect(() => first.current(), []);
  return lines.map((line) => (
    <ChatLineView key={line.key} line={line} own={line.kind === "text" && isOwn(line.item)} />
  ));
}
