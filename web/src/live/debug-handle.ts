import type { Publisher } from "./publisher";
import type { Viewer } from "./viewer";

interface DebugHandle {
  publisher?: Publisher;
  viewer?: Viewer;
  readonly pc: RTCPeerConnection | null;
}

declare global {
  interface Window {
    __kaibo?: DebugHandle;
  }
}

/** Lets a person with the console, and the browser tests, read the statistics of what runs. */
export function exposeHandle(running: { publisher?: Publisher; viewer?: Viewer }): () => void {
  const handle: DebugHandle = {
    ...running,
    get pc() {
      return running.publisher?.pc ?? running.viewer?.pc ?? null;
    },
  };
  window.__kaibo = handle;
  return () => {
    if (window.__kaibo === handle) delete window.__kaibo;
  };
}
