import { vi } from "vitest";

/** Canvases that draw nothing and measure 10 pixels a letter. */
export function fakeCanvas(): void {
  const context = new Proxy(
    { measureText: (text: string) => ({ width: 10 * [...text].length }) },
    {
      get: (own, name) => (name in own ? Reflect.get(own, name) : () => undefined),
      set: () => true,
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(context as never);
}
