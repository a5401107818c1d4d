import { expect, test } from "vitest";
import { ALL_PATHS } from "../live/doctor/ways";
import { type PathKey, pathText } from "./paths";
import words from "./paths.json";
import { noPathText } from "./room-paths";
import roomWords from "./room-paths.json";

const KEYS = Object.keys(words) as PathKey[];
const ALL = [...Object.values(words), ...Object.values(roomWords)];

test("both languages have the same holes", () => {
  const holes = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort();
  for (const { en, zh } of ALL) expect(holes(zh), en).toEqual(holes(en));
});

test("commands stand between two backticks", () => {
  for (const { en, zh } of ALL) {
    for (const text of [en, zh]) expect((text.split("`").length - 1) % 2, text).toBe(0);
  }
});

test("every way has a name and a sentence for everything but success", () => {
  for (const path of ALL_PATHS) {
    for (const kind of ["path", "closed", "not_offered", "not_tried"]) {
      expect(KEYS).toContain(`${kind}.${path}`);
    }
  }
});

test("a closed port is named with what opens it", () => {
  const text = pathText("en", "closed.udp4", { port: 3000, host: "live.test" });
  expect(text).toContain("UDP port 3000 does not reach");
  expect(text).toContain("ufw allow 3000/udp");
  const why = { code: "closed", values: { host: "live.test", udp: 3000, tcp: 443 } } as const;
  expect(noPathText("zh-CN", why)).toContain("live.test 的 UDP 端口 3000 和 TCP 端口 443");
});
