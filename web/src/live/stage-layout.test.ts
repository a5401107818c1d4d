import { describe, expect, test } from "vitest";
import type { Place } from "./place";
import type { StageLayout } from "./protocol";
import { stagePlaces } from "./stage-layout";

const overlap = (a: Place, b: Place) =>
  a.x + a.w > b.x + 1e-9 &&
  b.x + b.w > a.x + 1e-9 &&
  a.y + a.h > b.y + 1e-9 &&
  b.y + b.h > a.y + 1e-9;

describe("the places on stage", () => {
  test.each<StageLayout>(["auto", "corner", "grid", "speaker"])(
    "%s has everybody in sight",
    (layout) => {
      for (let guests = 0; guests <= 8; guests++) {
        for (let speaker = 0; speaker <= guests; speaker++) {
          const places = stagePlaces(layout, guests, speaker);
          expect(places).toHaveLength(guests + 1);
          for (const { x, y, w, h } of places) {
            expect(Math.min(x, y)).toBeGreaterThanOrEqual(-1e-9);
            expect(Math.max(x + w, y + h)).toBeLessThanOrEqual(1 + 1e-9);
          }
          // In a corner guests stand before the host, and nowhere else before anybody.
          const apart = layout === "corner" ? places.slice(1) : places;
          apart.forEach((a, at) => {
            for (const b of apart.slice(at + 1)) expect(overlap(a, b)).toBe(false);
          });
        }
      }
    },
  );

  test("who speaks is the largest where the host wants it so", () => {
    const places = stagePlaces("speaker", 3, 2);
    const areas = places.map(({ w, h }) => w * h);
    expect(areas.indexOf(Math.max(...areas))).toBe(2);
  });
});
