import { expect, test } from "vitest";
import { classifyMediaError, preflight } from "./media-error";

test.each([
  ["NotAllowedError", "Permission denied", "camera", "denied"],
  ["PermissionDeniedError", "", "camera", "denied"],
  ["NotAllowedError", "Permission denied by system", "camera", "denied_system"],
  ["SecurityError", "", "camera", "denied_system"],
  ["NotFoundError", "Requested device not found", "camera", "no_device"],
  ["DevicesNotFoundError", "", "camera", "no_device"],
  ["NotReadableError", "", "camera", "in_use"],
  ["TrackStartError", "", "camera", "in_use"],
  ["AbortError", "", "camera", "in_use"],
  ["OverconstrainedError", "", "camera", "constraint"],
  ["NotAllowedError", "Permission denied", "screen", "cancelled"],
  ["TypeError", "", "camera", "unsupported"],
] as const)("%s (%s) of the %s is %s", (name, message, asked, code) => {
  expect(classifyMediaError({ name, message }, asked)).toBe(code);
});

test.each([null, undefined, "text", {}])("%j is no reason to fall over", (thrown) => {
  expect(classifyMediaError(thrown, "camera")).toBe("unsupported");
});

test("an insecure page is told from a browser that cannot", () => {
  const able = { getUserMedia: () => undefined };
  const scope = (more: object) =>
    ({ isSecureContext: true, RTCPeerConnection: class {}, ...more }) as unknown as Window;
  expect(preflight(scope({ isSecureContext: false, navigator: {} }))).toBe("insecure");
  expect(preflight(scope({ navigator: {} }))).toBe("unsupported");
  expect(preflight(scope({ navigator: { mediaDevices: able } }))).toBeNull();
});

test.each(["mozRTCPeerConnection", "webkitRTCPeerConnection"])("%s is enough", (name) => {
  const navigator = { mediaDevices: { getUserMedia: () => undefined } };
  const scope = { isSecureContext: true, navigator, [name]: class {} };
  expect(preflight(scope as unknown as Window)).toBeNull();
});
