import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type FakeDevice, FakeDevices, type FakeTrack } from "../testing/fake-devices";
import { LocalMedia } from "./local-media";
import { remember } from "./storage";

const FRONT: FakeDevice = { kind: "camera", id: "c1", label: "front", facing: "user" };
const BACK: FakeDevice = { kind: "camera", id: "c2", label: "back", facing: "environment" };
const WEBCAM: FakeDevice = { kind: "camera", id: "c3", label: "webcam" };
const SECOND: FakeDevice = { kind: "camera", id: "c4", label: "second webcam" };
const MICROPHONE: FakeDevice = { kind: "microphone", id: "m1", label: "microphone" };
const HEADSET: FakeDevice = { kind: "microphone", id: "m2", label: "headset" };

let devices: FakeDevices;
let media: LocalMedia;

beforeEach(() => localStorage.clear());
afterEach(() => {
  media.close();
  vi.unstubAllGlobals();
});

function have(...list: FakeDevice[]): void {
  devices = new FakeDevices(list);
  devices.install();
  media = new LocalMedia();
}

const now = () => media.getSnapshot();
const shown = () => now().videoTrack?.label ?? null;
const heard = () => now().audioTrack?.label ?? null;
const last = () => devices.opened.at(-1) as FakeTrack;

test("the camera and the microphone that the host chose are the ones in use", async () => {
  have(WEBCAM, SECOND, MICROPHONE, HEADSET);
  await media.open();
  await media.choose("camera", SECOND.id);
  await media.choose("microphone", HEADSET.id);
  expect([shown(), heard()]).toEqual(["second webcam", "headset"]);
  expect(devices.running()).toEqual(["headset", "second webcam"]);
});

test("the next visit begins with the devices that were chosen", async () => {
  have(WEBCAM, SECOND, MICROPHONE, HEADSET);
  await media.open();
  await media.choose("camera", SECOND.id);
  await media.choose("microphone", HEADSET.id);
  media.close();
  have(WEBCAM, SECOND, MICROPHONE, HEADSET);
  // A permission that was given for once: the list has no ids.
  devices.allowed = false;
  await media.open();
  expect([shown(), heard()]).toEqual(["second webcam", "headset"]);
});

test.each([true, false])(
  "a remembered device that is gone keeps nobody from beginning (%s)",
  async (allowed) => {
    remember("camera", { id: "gone", label: "gone" });
    remember("microphone", { id: HEADSET.id, label: HEADSET.label });
    have(WEBCAM, MICROPHONE, HEADSET);
    devices.allowed = allowed;
    await media.open();
    expect([shown(), heard(), now().error]).toEqual(["webcam", "headset", null]);
  },
);

test("a remembered microphone is used although there is no camera", async () => {
  remember("microphone", { id: HEADSET.id, label: HEADSET.label });
  have(MICROPHONE, HEADSET);
  await media.open();
  expect([shown(), heard(), now().missing]).toEqual([null, "headset", "camera"]);
});

test("a chosen device that is gone changes nothing, and the host is told", async () => {
  have(WEBCAM, SECOND, MICROPHONE);
  await media.open();
  await media.choose("camera", "gone");
  expect([shown(), now().error]).toEqual(["webcam", "no_device"]);
  expect(devices.running()).toEqual(["microphone", "webcam"]);
});

test("a phone turns between its two sides, one camera at a time", async () => {
  have(FRONT, BACK, MICROPHONE);
  devices.oneCamera = true;
  await media.open();
  await media.flip();
  expect(shown()).toBe("back");
  await media.flip();
  expect(shown()).toBe("front");
  expect(devices.running()).toEqual(["front", "microphone"]);
});

test("a computer goes through its cameras", async () => {
  have(FRONT, WEBCAM, SECOND, MICROPHONE);
  await media.open();
  const seen = [shown()];
  for (let turn = 0; turn < 3; turn += 1) {
    await media.flip();
    seen.push(shown());
  }
  expect(seen).toEqual(["front", "webcam", "second webcam", "front"]);
});

test("two impatient presses leave one camera open", async () => {
  have(WEBCAM, SECOND, MICROPHONE);
  await media.open();
  await Promise.all([media.flip(), media.flip()]);
  expect(devices.running()).toEqual(["microphone", "second webcam"]);
});

test("when another program holds the other camera, the host keeps the one there was", async () => {
  have(WEBCAM, SECOND, MICROPHONE);
  devices.held.add(SECOND.id);
  await media.open();
  await media.choose("camera", SECOND.id);
  expect([shown(), now().error]).toEqual(["webcam", "in_use"]);
  expect(now().videoTrack?.readyState).toBe("live");
});

test("who shares a screen only is not put on camera when the share ends", async () => {
  have(WEBCAM, MICROPHONE);
  await media.openScreen();
  devices.opened.find(({ label }) => label === "a window")?.ends();
  await vi.waitFor(() => expect(now().source).toBe("none"));
  expect([shown(), heard()]).toEqual([null, "microphone"]);
  expect(now().stream?.getVideoTracks()).toEqual([]);
  expect(devices.running()).toEqual(["microphone"]);

  await media.showCamera();
  expect([shown(), now().source]).toEqual(["webcam", "camera"]);
});

test("a share that ended can be begun again", async () => {
  have(WEBCAM, MICROPHONE);
  await media.openScreen();
  media.stopScreen();
  expect([shown(), now().source]).toEqual([null, "none"]);
  expect(devices.running()).toEqual(["microphone"]);
  await media.shareScreen();
  expect([shown(), now().source]).toEqual(["a window", "screen"]);
});

test("a window that is closed puts nobody back on camera, the host's own button does", async () => {
  have(WEBCAM, MICROPHONE);
  await media.open();
  await media.shareScreen();
  expect(now().cameraBehind).toBe(true);
  last().ends();
  expect([shown(), now().source]).toEqual([null, "none"]);

  await media.shareScreen();
  media.stopScreen();
  expect([shown(), now().source]).toEqual(["webcam", "camera"]);
  expect(devices.running()).toEqual(["microphone", "webcam"]);
});

describe("a device that is unplugged", () => {
  /** As a browser does: the track ends, and the list is another one. */
  function unplug(...gone: FakeDevice[]): void {
    devices.devices = devices.devices.filter((device) => !gone.includes(device));
    for (const { id } of gone) {
      devices.opened.findLast(({ device }) => device?.id === id)?.ends();
    }
  }

  test("has another in its place, and the host is told which", async () => {
    have(WEBCAM, SECOND, HEADSET, MICROPHONE);
    await media.open();
    unplug(WEBCAM);
    await vi.waitFor(() => expect(shown()).toBe("second webcam"));
    expect(now().error).toBe("device_lost");
    expect(now().standIns).toEqual([{ kind: "camera", label: "second webcam" }]);
    expect(heard()).toBe("headset");
  });

  test("with its own microphone has others in the place of both", async () => {
    have(WEBCAM, HEADSET, SECOND, MICROPHONE);
    await media.open();
    unplug(WEBCAM, HEADSET);
    await vi.waitFor(() => expect([shown(), heard()]).toEqual(["second webcam", "microphone"]));
    await vi.waitFor(() => expect(now().standIns).toHaveLength(2));
    expect(devices.running()).toEqual(["microphone", "second webcam"]);
  });

  test("passes over one that another program holds", async () => {
    have(WEBCAM, BACK, SECOND, MICROPHONE);
    devices.held.add(BACK.id);
    await media.open();
    unplug(WEBCAM);
    await vi.waitFor(() => expect(shown()).toBe("second webcam"));
  });

  test("is missed when there is no other, until it is back", async () => {
    have(WEBCAM, HEADSET);
    await media.open();
    unplug(HEADSET);
    await vi.waitFor(() => expect([heard(), now().error]).toEqual([null, "device_lost"]));
    expect(now().standIns).toEqual([]);
    await media.reopen();
    expect([heard(), now().error]).toEqual([null, "device_lost"]);

    devices.devices = [WEBCAM, HEADSET];
    devices.dispatchEvent(new Event("devicechange"));
    await vi.waitFor(() => expect(heard()).toBe("headset"));
    expect([shown(), now().error]).toEqual(["webcam", null]);
  });

  test("that the host has switched off has none in its place", async () => {
    have(WEBCAM, SECOND, HEADSET, MICROPHONE);
    await media.open();
    media.setAudioOn(false);
    unplug(HEADSET);
    await vi.waitFor(() => expect([heard(), now().error]).toEqual([null, "device_lost"]));
    expect(devices.running()).toEqual(["webcam"]);
  });

  test("while a screen is shown puts nobody back on camera", async () => {
    have(WEBCAM, SECOND, MICROPHONE);
    await media.open();
    await media.shareScreen();
    unplug(WEBCAM);
    expect([shown(), now().error]).toEqual(["a window", null]);
    expect(devices.running()).toEqual(["a window", "microphone"]);
  });
});

test("a camera that can do nothing of what is wished is used as it is", async () => {
  have(WEBCAM, MICROPHONE);
  devices.picky = true;
  await media.open();
  expect([shown(), heard(), now().error]).toEqual(["webcam", "microphone", null]);
});
