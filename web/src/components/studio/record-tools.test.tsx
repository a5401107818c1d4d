import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Studio } from "../../hooks/use-studio";
import { languageStore } from "../../i18n/language";
import type { ServerMessage } from "../../live/protocol";
import type { Publisher } from "../../live/publisher";
import { IDLE } from "../../live/publisher-snapshot";
import { RecordSwitch } from "../../live/record-switch";
import type { Request } from "../../live/signaling";
import { keptOf, roomState, state } from "../../testing/fakes";
import { RecordNotice } from "./record-notice";
import { RecordTools } from "./record-tools";
import { Status } from "./status";

let said: Request[];
let hear: (message: ServerMessage) => void;
let record: RecordSwitch;

beforeEach(() => {
  languageStore.choose("en");
  said = [];
  const publisher: Pick<Publisher, "say" | "listen"> = {
    say: (message) => void said.push(message),
    listen: (listener) => {
      hear = listener;
      return () => undefined;
    },
  };
  record = new RecordSwitch(publisher as Publisher);
});

afterEach(() => {
  cleanup();
  record.close();
});

/** The studio of a host that is live, in a room of which this is kept. */
function show(kept = keptOf({ byHost: true }), look: "round" | "over" = "round") {
  const room = roomState({ live: "live", kept });
  const broadcast = { ...IDLE, phase: "live" as const, room, liveSinceMs: Date.now() };
  const studio = { broadcast, isFed: false, record } as unknown as Studio;
  const all = (
    <>
      <Status broadcast={broadcast} isFed={false} />
      <RecordTools studio={studio} look={look} />
      <RecordNotice record={record} />
    </>
  );
  cleanup();
  render(all);
}

const button = () => screen.queryByTestId<HTMLButtonElement>("record");

test.each(["round", "over"] as const)(
  "the host records, sees that it does, and ends it: %s",
  (look) => {
    show(keptOf({ byHost: true }), look);
    expect(screen.queryByTestId("rec-mark")).toBeNull();
    fireEvent.click(button() as HTMLButtonElement);
    expect(said).toMatchObject([{ type: "room_set", recording: true }]);
    expect(button()?.disabled).toBe(true);
    const name = () => button()?.getAttribute("aria-label");
    expect(name()).toBe("Starting the recording");
    const kept = keptOf({ byHost: true, recording: true });
    act(() => hear(state({ live: "live", kept })));
    show(kept, look);
    expect(name()).toBe("Stop recording");
    expect(screen.getByTestId("rec-mark").textContent).toContain("REC");
    fireEvent.click(button() as HTMLButtonElement);
    expect(said[1]).toMatchObject({ recording: false });
  },
);

test("where the operator alone records, the host sees only that it is recorded", () => {
  show(keptOf({ recording: true }));
  expect(screen.getByTestId("rec-mark")).not.toBeNull();
  expect(button()).toBeNull();
});

test("a host makes clips wherever the past of the broadcast is kept", () => {
  show(keptOf({ pastS: 0 }));
  expect(screen.queryByTestId("clip")).toBeNull();
  show(keptOf({ pastS: 300 }));
  expect(screen.getByTestId("clip")).not.toBeNull();
});

test("a refusal is said in words, until it is read", () => {
  show();
  fireEvent.click(button() as HTMLButtonElement);
  act(() => hear({ type: "error", code: "server_full", message: "", fatal: false }));
  expect(screen.getByTestId("record-problem").textContent).toContain("cannot record one more room");
  fireEvent.click(screen.getByText("Close"));
  expect(screen.queryByTestId("record-problem")).toBeNull();
});
