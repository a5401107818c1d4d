import { expect, test } from "vitest";
import { browserFamily, systemOf } from "./platform";

const MAC =
  "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15";

test.each([
  [`${MAC} Version/18.5 Safari/605.1.15`, 0, "safari", "mac"],
  [`${MAC} Version/18.5 Safari/605.1.15`, 5, "ios", "ios"],
  [`${MAC} Chrome/150.0.0.0 Safari/537.36`, 0, "other", "mac"],
  [`${IPHONE} Version/18.5 Mobile/15E148 Safari/604.1`, 5, "ios", "ios"],
  ["Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", 0, "firefox", "other"],
  [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0",
    0,
    "other",
    "windows",
  ],
  [
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/150.0.0.0 Mobile Safari/537.36",
    5,
    "other",
    "android",
  ],
] as const)("%s with %i touch points", (userAgent, maxTouchPoints, browser, system) => {
  const agent = { userAgent, maxTouchPoints };
  expect([browserFamily(agent), systemOf(agent)]).toEqual([browser, system]);
});
