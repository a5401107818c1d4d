import type { MediaErrorCode } from "../live/media-error";
import { browserFamily, systemOf } from "../live/platform";
import type { Translate } from "./language";

/** What a person can do about it, in this browser on this system. */
export function mediaWay(
  t: Translate,
  code: Exclude<MediaErrorCode, "cancelled" | "insecure">,
): string {
  if (code === "denied") return t(`media.denied.way.${browserFamily()}`);
  if (code === "denied_system") return t(`media.denied_system.way.${systemOf()}`);
  return t(`media.${code}.way`);
}
