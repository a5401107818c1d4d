import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { languageStore } from "../i18n/language";
import { SharePanel } from "./share-panel";

const asked = vi.fn();

beforeEach(() => {
  languageStore.choose("en");
  asked.mockReset();
  vi.stubGlobal("fetch", asked);
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  document.head.innerHTML = "";
});

const link = () => screen.getByTestId<HTMLAnchorElement>("share-link").href;

test("on the server's own computer the link is one that others can open", async () => {
  asked.mockResolvedValue(
    Response.json({ origins: ["http://192.168.1.5:3000", "http://10.8.0.1:3000"] }),
  );
  render(<SharePanel room="studio" />);
  await screen.findByText("Phones and computers in your network can open this link to watch.");
  expect(asked.mock.calls[0]?.[0]).toBe("/api/addresses");
  expect(link()).toBe("http://192.168.1.5:3000/r/studio");
  fireEvent.change(screen.getByRole("combobox"), { target: { value: "http://10.8.0.1:3000" } });
  expect(link()).toBe("http://10.8.0.1:3000/r/studio");
});

test.each([
  ["does not tell", () => Response.json({ origins: [] })],
  ["is too old to know", () => Response.json({ code: "not_found", message: "" }, { status: 404 })],
])("a server that %s leaves the page's own link, and says what it is worth", async (_, answer) => {
  asked.mockResolvedValue(answer());
  render(<SharePanel room="studio" />);
  await screen.findByText(/works on this computer only/);
  expect(link()).toBe(`${location.origin}/r/studio`);
  expect(screen.queryByRole("combobox")).toBeNull();
});

test("below a path the link has the path", async () => {
  document.head.innerHTML = '<meta name="base-path" content="/live/" />';
  asked.mockResolvedValue(Response.json({ origins: ["http://192.168.1.5:3000"] }));
  render(<SharePanel room="studio" />);
  await screen.findByText("Phones and computers in your network can open this link to watch.");
  expect(asked.mock.calls[0]?.[0]).toBe("/live/api/addresses");
  expect(link()).toBe("http://192.168.1.5:3000/live/r/studio");
});
