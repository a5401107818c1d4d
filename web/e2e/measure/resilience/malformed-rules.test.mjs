// @vitest-environment node
import { expect, test } from "vitest";
import { randomFrom } from "../link.mjs";
import { datagram, message, request } from "./malformed-rules.mjs";

const many = (make) =>
  Array.from(
    { length: 500 },
    (
      (random) => () =>
        make(random)
    )(randomFrom(1)),
  );

test("a seed repeats what is sent", () => {
  for (const make of [datagram, request, message]) expect(many(make)).toEqual(many(make));
});

test("each parser of the media port is reached", () => {
  const firsts = many(datagram).map((it) => it[0]);
  // RFC 7983, section 7.
  for (const [from, to] of [
    [0, 3],
    [20, 63],
    [64, 79],
    [128, 191],
  ]) {
    expect(firsts.some((it) => it >= from && it <= to)).toBe(true);
  }
});
