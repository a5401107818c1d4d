import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { StrictMode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MediaErrorCard } from "../components/media-error-card";
import { languageStore } from "../i18n/language";
import { HostPage } from "./host";

const getUserMedia = vi.fn();

beforeEach(() => {
  languageStore.choose("zh-CN");
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("RTCPeerConnection", class {});
  const desktop = { matches: false, addEventListener() {}, removeEventListener() {} };
  vi.stubGlobal("matchMedia", () => desktop);
  vi.stubGlobal("navigator", {
    ...window.navigator,
    mediaDevices: { getUserMedia, enumerateDevices: async () => [] },
  });
  getUserMedia.mockReset();
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

function show(): HTMLButtonElement {
  render(
    <StrictMode>
      <HostPage />
    </StrictMode>,
  );
  return screen.getByTestId("open-camera") as HTMLButtonElement;
}

test("asks for nothing before the person does", () => {
  show();
  expect(getUserMedia).not.toHaveBeenCalled();
  expect(screen.getByTestId("host-state").dataset.state).toBe("offline");
});

test("stops loading when there is no camera, and says so in the known words", async () => {
  getUserMedia.mockRejectedValue(new DOMException("Requested device not found", "NotFoundError"));
  const button = show();
  fireEvent.click(button);
  expect(button.disabled).toBe(true);
  const error = await screen.findByTestId("media-error");
  expect(error.dataset.code).toBe("no_device");
  expect(error.textContent).toContain("未检测到摄像器或麦克风");
  expect(button.disabled).toBe(false);
});

test("tries the microphone alone before it gives up", async () => {
  getUserMedia.mockRejectedValue(new DOMException("", "NotFoundError"));
  fireEvent.click(show());
  await screen.findByTestId("media-error");
  const asked = getUserMedia.mock.calls.map(([constraints]) => Object.keys(constraints).sort());
  expect(asked).toEqual([["audio", "video"], ["video"], ["audio"]]);
});

test("a refusal is not asked around", async () => {
  getUserMedia.mockRejectedValue(new DOMException("Permission denied", "NotAllowedError"));
  fireEvent.click(show());
  const error = await screen.findByTestId("media-error");
  expect(error.dataset.code).toBe("denied");
  expect(getUserMedia).toHaveBeenCalledTimes(1);
});

test("on an insecure page there is no button, but the reason and the ways out", () => {
  vi.stubGlobal("isSecureContext", false);
  render(<HostPage />);
  const card = screen.getByTestId("media-error");
  expect(card.dataset.code).toBe("insecure");
  expect(screen.queryByTestId("open-camera")).toBeNull();
  expect(card.textContent).toContain("--tls local");
  expect(card.textContent).toContain("http://localhost:3000/");
  // Nothing is known to have HTTPS at that port.
  expect(screen.queryByText("用 HTTPS 打开")).toBeNull();
});

test("a name without a port has HTTPS beside it", () => {
  vi.stubGlobal("isSecureContext", false);
  vi.stubGlobal("location", { host: "live.example", port: "", pathname: "/host", search: "" });
  render(<MediaErrorCard code="insecure" />);
  expect(screen.getByText("用 HTTPS 打开").getAttribute("href")).toBe("https://live.example/host");
});
