// What the pages load a moment later is there at once: tests stop the clock, and code that is still on its way does not
// come by a clock that stands still.
await import("../live/stats");

export {};
