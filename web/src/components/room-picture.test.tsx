import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { Still } from "../live/protocol";
import { RoomPicture } from "./room-picture";

afterEach(cleanup);

const IMAGE: Still = { v: 7, video: false };
const pictures = () =>
  [...screen.queryAllByTestId("room-picture"), ...screen.queryAllByTestId("room-still")].map(
    (one) => one.getAttribute("src"),
  );

test("the cover comes first, and where it does not come, the picture of the broadcast", () => {
  render(<RoomPicture room="demo" cover="/cover?v=1" still={IMAGE} />);
  expect(pictures()).toEqual(["/cover?v=1"]);
  fireEvent.error(screen.getByTestId("room-picture"));
  expect(pictures()).toEqual(["/api/rooms/demo/still?v=7"]);
  fireEvent.error(screen.getByTestId("room-picture"));
  expect(pictures()).toEqual([]);
  expect(screen.getByText("D")).not.toBeNull();
});

test("a picture stays until the next has come, so that the list does not flicker", () => {
  const { rerender } = render(<RoomPicture room="demo" cover={null} still={IMAGE} />);
  fireEvent.load(screen.getByTestId("room-picture"));
  rerender(<RoomPicture room="demo" cover={null} still={{ v: 8, video: false }} />);
  const [before, next] = screen.getAllByTestId("room-picture");
  expect(pictures()).toEqual([7, 8].map((v) => `/api/rooms/demo/still?v=${v}`));
  if (!before || !next) throw new Error("one of them is missing");
  fireEvent.load(next);
  expect(pictures()).toEqual(["/api/rooms/demo/still?v=8"]);
});

test("a picture that only a video can show is a paused one, without sound, for nobody to reach by keyboard", () => {
  render(<RoomPicture room="直播" cover={null} still={{ v: 9, video: true }} />);
  const video = screen.getByTestId<HTMLVideoElement>("room-still");
  expect(video.getAttribute("src")).toBe("/api/rooms/%E7%9B%B4%E6%92%AD/still?v=9");
  expect([video.muted, video.autoplay, video.controls]).toEqual([true, false, false]);
  expect([video.preload, video.tabIndex]).toEqual(["auto", -1]);
});
