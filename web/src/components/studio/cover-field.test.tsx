import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Studio } from "../../hooks/use-studio";
import { languageStore } from "../../i18n/language";
import { keptOf, roomState } from "../../testing/fakes";
import { CoverField } from "./cover-field";

beforeEach(() => languageStore.choose("en"));
afterEach(cleanup);

function show(pass: string | null) {
  const room = roomState({ cover: 7, kept: keptOf({ pass }) });
  const choice = { parsed: room.room };
  const studio = { broadcast: { room }, snapshot: { videoTrack: null }, choice };
  render(<CoverField studio={studio as unknown as Studio} />);
}

test("the cover of a room is shown", () => {
  show(null);
  expect(screen.getByTestId("cover").getAttribute("src")).toBe("/api/rooms/demo/cover?v=7");
});

test("that of a private room is not asked for, since the server does not send it: words say that it is there", () => {
  show("a-pass");
  expect(screen.queryByTestId("cover")).toBeNull();
  expect(screen.getByTestId("no-cover").textContent).toBe("Has a cover");
});
