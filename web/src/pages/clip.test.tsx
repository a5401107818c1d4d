import { cleanup, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import { keepPass } from "../live/kept/pass";
import { answerBy, clipOf, refusal } from "../testing/kept";
import { ClipPage } from "./clip";

const CLIP = "/api/clips/01c1";

beforeEach(() => {
  languageStore.choose("en");
  sessionStorage.clear();
  history.replaceState(null, "", "/c/01c1");
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

const video = () => screen.findByTestId<HTMLVideoElement>("clip-video");

test("a clip says what it is of, and leads to its room while that is live", async () => {
  answerBy({
    [CLIP]: () => Response.json(clipOf({ title: "Goal!", still: ["still.webp", "image/webp"] })),
    "/api/rooms/demo": () => Response.json({ room: "demo", live: "live" }),
  });
  render(<ClipPage id="01c1" />);
  expect((await video()).getAttribute("src")).toBe(`${CLIP}/file`);
  expect((await video()).getAttribute("poster")).toBe(`${CLIP}/still`);
  expect(screen.getByRole("heading", { level: 1 }).textContent).toBe("Goal!");
  expect(screen.getByText("00:30")).not.toBeNull();
  await waitFor(() => expect(screen.getByTestId("clip-room").dataset.live).toBe("true"));
  const room = screen.getByTestId("clip-room").querySelector("a");
  expect([room?.getAttribute("href"), room?.textContent]).toEqual(["/r/demo", "Live now: watch"]);
  expect(screen.getByTestId("kept-save").getAttribute("href")).toBe(`${CLIP}/file?save=`);
  expect(document.title).toContain("Goal!");
});

test("a picture that is a video of one frame is no poster", async () => {
  answerBy({ [CLIP]: () => Response.json(clipOf({ still: ["still.mp4", "video/mp4"] })) });
  render(<ClipPage id="01c1" />);
  expect((await video()).hasAttribute("poster")).toBe(false);
  expect((await video()).preload).toBe("auto");
});

test("a clip of a private room plays for who was in the room, and its link says which", async () => {
  history.replaceState(null, "", "/c/01c1#room=demo");
  keepPass("demo", "good");
  answerBy({
    [CLIP]: ({ searchParams }) =>
      searchParams.get("pass") === "good" ? Response.json(clipOf()) : refusal(401, "auth_required"),
  });
  render(<ClipPage id="01c1" />);
  expect((await video()).getAttribute("src")).toBe(`${CLIP}/file?pass=good`);
  const link = screen.getByTestId<HTMLInputElement>("kept-link").value;
  expect(link).toBe(`${location.origin}/c/01c1#room=demo`);
});

test("a clip of a private room whose link does not say which: what to do", async () => {
  answerBy({ [CLIP]: () => refusal(401, "auth_required") });
  render(<ClipPage id="01c1" />);
  const message = await screen.findByTestId("kept-message");
  expect(message.textContent).toContain("Open its room first");
});

test("a clip that was deleted", async () => {
  languageStore.choose("zh-CN");
  answerBy({});
  render(<ClipPage id="01c1" />);
  expect((await screen.findByTestId("kept-message")).textContent).toContain("没有这个片段");
});
