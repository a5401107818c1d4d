import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ApiProblem } from "./api";
import { PagedList, Resource } from "./resource";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test("what was read stays while the server does not answer", async () => {
  let isDown = false;
  const resource = new Resource(async () => {
    if (isDown) throw new ApiProblem(0, "unreachable");
    return "rooms";
  });
  await resource.reload();
  isDown = true;
  await resource.reload();
  const { data, problem } = resource.getSnapshot();
  expect([data, problem?.code]).toEqual(["rooms", "unreachable"]);
  resource.close();
});

test("an endpoint that is not there is asked for once", async () => {
  const load = vi.fn(() => Promise.reject(new ApiProblem(404, "not_found")));
  const resource = new Resource(load, 1_000);
  await resource.reload();
  expect(resource.getSnapshot().missing).toBe(true);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(load).toHaveBeenCalledOnce();
  resource.close();
});

test("an answer that comes late does not undo a newer one", async () => {
  const answers: ((text: string) => void)[] = [];
  const resource = new Resource(() => new Promise<string>((resolve) => answers.push(resolve)));
  const [first, second] = [resource.reload(), resource.reload()];
  answers[1]?.("new");
  answers[0]?.("old");
  await Promise.all([first, second]);
  expect(resource.getSnapshot().data).toBe("new");
  resource.close();
});

test("nothing is asked for any more once it is closed", async () => {
  const load = vi.fn(async () => "rooms");
  const resource = new Resource(load, 1_000);
  await resource.reload();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(load).toHaveBeenCalledTimes(3);
  resource.close();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(load).toHaveBeenCalledTimes(3);
});

test("a list grows by pages, and is read anew as far as somebody has looked", async () => {
  const pages: Record<string, { items: number[]; next: string | null }> = {
    "": { items: [1, 2], next: "b" },
    b: { items: [3, 4], next: "c" },
    c: { items: [5], next: null },
  };
  const list = new PagedList<number>(async (cursor) => {
    const page = pages[cursor ?? ""];
    if (!page) throw new Error("no such page");
    return page;
  });
  await list.reload();
  expect(list.getSnapshot().data).toEqual({ items: [1, 2], next: "b" });
  await list.more();
  expect(list.getSnapshot().data).toEqual({ items: [1, 2, 3, 4], next: "c" });
  pages[""] = { items: [0, 2], next: "b" };
  await list.reload();
  expect(list.getSnapshot().data?.items).toEqual([0, 2, 3, 4]);
  await list.more();
  expect(list.getSnapshot().data?.next).toBeNull();
  list.close();
});
