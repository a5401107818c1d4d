import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../../i18n/language";
import { answerBy, clipOf, refusal } from "../../testing/kept";
import { ClipDialog } from "./clip-dialog";

const CLIPS = "/api/rooms/demo/clips";
let answer: () => Response | Promise<Response>;

beforeEach(() => {
  languageStore.choose("en");
  answerBy({ [CLIPS]: () => answer() });
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function open() {
  render(
    <StrictMode>
      <ClipDialog room="demo" pass={null} onClose={() => undefined} />
    </StrictMode>,
  );
}

const press = (seconds: number) => fireEvent.click(screen.getByTestId(`clip-${seconds}`));

test("a length is chosen, the clip is made, played, sent and kept", async () => {
  let come: (response: Response) => void = () => undefined;
  answer = () => new Promise((resolve) => (come = resolve));
  open();
  press(60);
  expect(screen.getByText("Making a clip of the last 60 s")).not.toBeNull();
  expect(screen.getByTestId<HTMLButtonElement>("clip-30").disabled).toBe(true);
  come(Response.json(clipOf({ seconds: 59.8 }), { status: 201 }));
  const video = await screen.findByTestId("clip-video");
  expect(video.getAttribute("src")).toBe("/api/clips/01c1/file");
  expect(document.activeElement).toBe(video);
  const link = screen.getByTestId<HTMLInputElement>("kept-link").value;
  expect(link).toBe(`${location.origin}/c/01c1`);
  expect(screen.getByTestId("kept-save").getAttribute("href")).toBe("/api/clips/01c1/file?save=");
  expect(screen.queryByText(/has just begun/)).toBeNull();
  fireEvent.click(screen.getByTestId("clip-again"));
  expect(screen.getByTestId("clip-30")).not.toBeNull();
});

test("a broadcast that has just begun gives a shorter clip, and that is said", async () => {
  answer = () => Response.json(clipOf({ seconds: 12.9 }), { status: 201 });
  open();
  press(30);
  expect(await screen.findByText("The broadcast has just begun: the clip has 12 s")).not.toBeNull();
});

test.each([
  [429, "rate_limited", "Too many clips. Try again in a minute"],
  [409, "room_offline", "Nobody is live in the room, so there is nothing to clip"],
  [403, "forbidden", "The server lets nobody make clips here"],
  [401, "auth_required", "Not everybody may watch this room. Enter it anew, then try again"],
] as const)(
  "why there is no clip is said, and it can be tried again: %s %s",
  async (status, code, words) => {
    answer = () => refusal(status, code);
    open();
    press(90);
    expect((await screen.findByTestId("clip-problem")).textContent).toBe(words);
    answer = () => Response.json(clipOf(), { status: 201 });
    press(30);
    await screen.findByTestId("clip-video");
  },
);
