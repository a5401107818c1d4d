import { vi } from "vitest";
import type { Clip, Past, PastLine } from "../live/kept/types";

/** What is kept of a room, as the server tells it. */
export function clipOf(more: Partial<Clip> = {}): Clip {
  return {
    id: "01c1",
    room: "demo",
    made: Date.UTC(2026, 4, 1, 12),
    bytes: 1_900_000,
    file: "clip.webm",
    seconds: 30.4,
    ...more,
  };
}

export function pastOf(more: Partial<Past> = {}): Past {
  const file = { at: 0, durationS: 600, bytes: 90_000_000 };
  return {
    id: "01p1",
    title: "Friday night",
    began: Date.UTC(2026, 3, 30, 20),
    seconds: 1_200,
    files: [
      { ...file, name: "001.webm" },
      { ...file, name: "002.webm", at: 600 },
    ],
    ...more,
  };
}

/** Lines of the chat of a past broadcast, by when they were said. */
export function linesAt(...said: [at: number, text: string][]): PastLine[] {
  return said.map(([at, text], n) => ({
    at,
    text,
    mid: n + 1,
    ts: 0,
    uid: `p${n}`,
    name: "Ann",
    standing: "fan",
  }));
}

export function refusal(status: number, code: string): Response {
  return Response.json({ code, message: "" }, { status });
}

type Answer = (url: URL, init: RequestInit) => Response | Promise<Response>;

/** A server that answers by path; all else is not found. Returns what it was asked for. */
export function answerBy(answers: Record<string, Answer>): { method: string; url: string }[] {
  const asked: { method: string; url: string }[] = [];
  vi.stubGlobal("fetch", async (text: string, init: RequestInit = {}) => {
    const url = new URL(text, "http://kaibo.test");
    asked.push({ method: init.method ?? "GET", url: text });
    const answer = answers[decodeURI(url.pathname)];
    return answer ? answer(url, init) : refusal(404, "not_found");
  });
  return asked;
}

/** jsdom plays nothing. */
export function stubMedia(): { played: () => number } {
  const play = vi.spyOn(HTMLMediaElement.prototype, "play").mockResolvedValue();
  vi.spyOn(HTMLMediaElement.prototype, "load").mockReturnValue();
  return { played: () => play.mock.calls.length };
}
