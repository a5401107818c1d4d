import { afterEach, expect, test, vi } from "vitest";
import { answerBy, clipOf, pastOf, refusal } from "../../testing/kept";
import { PastList } from "./past-list";

afterEach(() => vi.unstubAllGlobals());

const CLIPS = "/api/rooms/demo/clips";
const PASTS = "/api/rooms/demo/recordings";

test("older broadcasts follow when they are asked for, once each", async () => {
  const asked = answerBy({
    [CLIPS]: () => Response.json([clipOf()]),
    [PASTS]: ({ searchParams }) =>
      searchParams.get("before") === "p2"
        ? Response.json({ items: [pastOf({ id: "p3" })] })
        : Response.json({ items: [pastOf({ id: "p1" }), pastOf({ id: "p2" })], next: "p2" }),
  });
  const list = new PastList("demo", "a-pass");
  await vi.waitFor(() => expect(list.getSnapshot().pasts).toHaveLength(2));
  expect(list.getSnapshot().clips).toEqual([clipOf()]);
  await Promise.all([list.more(), list.more()]);
  expect(list.getSnapshot().pasts?.map(({ id }) => id)).toEqual(["p1", "p2", "p3"]);
  await list.more();
  expect(asked.map(({ url }) => url)).toEqual([
    `${PASTS}?pass=a-pass`,
    `${CLIPS}?pass=a-pass`,
    `${PASTS}?before=p2&pass=a-pass`,
  ]);
});

test("a list that does not come says so", async () => {
  answerBy({ [CLIPS]: () => Response.json([]), [PASTS]: () => refusal(500, "internal") });
  const list = new PastList("demo", null);
  await vi.waitFor(() => expect(list.getSnapshot().problem).toBe("internal"));
  expect(list.getSnapshot().pasts).toBeNull();
});
