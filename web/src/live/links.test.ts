import { expect, test } from "vitest";
import { pieces } from "./links";

const addresses = (text: string) => pieces(text).flatMap(({ href }) => href ?? []);

test.each([
  ["see https://example.com/a?b=1&c=2#d now", ["https://example.com/a?b=1&c=2#d"]],
  ["https://a.example and HTTP://b.example:8080/", ["https://a.example", "HTTP://b.example:8080/"]],
  ["(https://example.com/x).", ["https://example.com/x"]],
  ["看https://example.com/直播，好看", ["https://example.com/"]],
  ["https://example.com/r/%E7%9B%B4%E6%92%AD！", ["https://example.com/r/%E7%9B%B4%E6%92%AD"]],
  ["https://example.org/wiki/Kaibo_(site).", ["https://example.org/wiki/Kaibo_(site)"]],
  ["http://192.168.1.5:3000/r/demo", ["http://192.168.1.5:3000/r/demo"]],
  ["http://[::1]:3000/r/demo", ["http://[::1]:3000/r/demo"]],
  ["example.com, javascript:alert(1), data:text/html,x", []],
  ["https:// and http://", []],
  ['<a href="https://example.com">x</a>', ["https://example.com"]],
])("the addresses of %j are %j", (text, expected) => {
  expect(addresses(text)).toEqual(expected);
});

test("nothing of a text is lost", () => {
  const text = "a https://x.example/1, b\nhttps://y.example. 再见";
  expect(
    pieces(text)
      .map((piece) => piece.text)
      .join(""),
  ).toBe(text);
  expect(pieces("")).toEqual([]);
});
