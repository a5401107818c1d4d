import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { adminWords } from "../../i18n/admin-words";
import { type Language, languageStore } from "../../i18n/language";
import { AdminContext, makeAdmin } from "./context";
import { Settings } from "./settings";

const SETTINGS = [
  { name: "listen", value: '"[::]:3000"', canChange: false },
  { name: "max_viewers", value: "1000", canChange: true },
];

let answer: () => Response;

beforeEach(() => {
  const asked = async (_: string, { method }: RequestInit) =>
    method === "POST" ? answer() : Response.json({ items: SETTINGS });
  vi.stubGlobal("fetch", vi.fn(asked));
});

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
});

async function show(language: Language) {
  languageStore.choose(language);
  await adminWords.load();
  render(
    <AdminContext value={makeAdmin()}>
      <Settings />
    </AdminContext>,
  );
  await screen.findAllByTestId("setting");
}

/** What the page says after a reload that the server answers so. */
async function reload(body: unknown, status = 200) {
  answer = () => Response.json(body, { status });
  fireEvent.click(screen.getByTestId("reload"));
}

const tags = () => screen.getAllByTestId("setting-when").map((it) => it.textContent);

test.each<[Language, string[]]>([
  ["en", ["needs a restart", "by reload"]],
  ["zh-CN", ["重启后生效", "重新读取后"]],
])("each setting says when a change takes effect: %s", async (language, expected) => {
  await show(language);
  expect(tags()).toEqual(expected);
});

test.each<[Language, string, string, string]>([
  ["en", "Changed: max_viewers", "Needs a restart: listen", "waits for a restart"],
  ["zh-CN", "已生效：max_viewers", "重启后生效：listen", "等待重启"],
])("what changed is told, and what waits for a restart: %s", async (language, ...words) => {
  const [changed, needRestart, waits] = words;
  await show(language);
  await reload({ changed: ["max_viewers"], needRestart: ["listen"], certificates: "none" });
  expect((await screen.findByTestId("reload-changed")).textContent).toBe(changed);
  expect(screen.getByTestId("reload-waits").textContent).toBe(needRestart);
  expect(tags()[0]).toBe(waits);
});

test.each<[Language, string, string]>([
  ["en", "Nothing has changed", "Certificate files loaded"],
  ["zh-CN", "没有变化", "证书文件已重新载入"],
])("certificates are told where nothing else has changed: %s", async (language, same, loaded) => {
  await show(language);
  await reload({ changed: [], needRestart: [], certificates: "loaded" });
  const told = within(screen.getByTestId("reloaded"));
  expect(await told.findByText(same)).toBeTruthy();
  expect(told.getByText(loaded)).toBeTruthy();
  await reload({ certificates: "failed", certificateProblem: "chain.pem: it has expired" });
  const failed = await screen.findByTestId("reload-certificates");
  expect(failed.textContent).toContain("chain.pem: it has expired");
});

test("a configuration with a mistake is told in the server's words", async () => {
  await show("en");
  const detail = "the configuration file has a mistake in line 2";
  await reload({ code: "bad_field", status: 422, detail }, 422);
  expect((await screen.findByTestId("admin-problem")).textContent).toContain(detail);
  expect(screen.getByTestId("reloaded").textContent).toBe("");
});
