/** Where a browser keeps its permissions: its own menus differ, and so do the words that lead there. */
export type BrowserFamily = "firefox" | "safari" | "ios" | "other";
export type System = "mac" | "windows" | "ios" | "android" | "other";

type Agent = Pick<Navigator, "userAgent" | "maxTouchPoints">;

/** An iPad calls itself a Mac; no Mac has a touch screen. */
function isIos({ userAgent, maxTouchPoints }: Agent): boolean {
  return /iPhone|iPad|iPod/.test(userAgent) || (/Mac OS X/.test(userAgent) && maxTouchPoints > 1);
}

/** For words alone: what a browser can do is never judged by its name. */
export function browserFamily(agent: Agent = navigator): BrowserFamily {
  if (isIos(agent)) return "ios";
  if (/Firefox\//.test(agent.userAgent)) return "firefox";
  const isSafari = /Safari\//.test(agent.userAgent) && !/Chrom|Android/.test(agent.userAgent);
  return isSafari ? "safari" : "other";
}

export function systemOf(agent: Agent = navigator): System {
  if (isIos(agent)) return "ios";
  if (/Android/.test(agent.userAgent)) return "android";
  if (/Mac OS X/.test(agent.userAgent)) return "mac";
  return /Windows/.test(agent.userAgent) ? "windows" : "other";
}
