import { recall, remember } from "./storage";

const KEY = "smooth";
/** So much is buffered for a smooth picture, in milliseconds. */
const SMOOTH_MS = 500;

type Receiver = RTCRtpReceiver & { jitterBufferTarget?: number | null };

/** Whether the browser lets a page choose how much it buffers. */
export function canSmooth(): boolean {
  const { RTCRtpReceiver: receiver } = globalThis;
  return receiver !== undefined && "jitterBufferTarget" in receiver.prototype;
}

/** The person's choice of the last visit: half a second later and smooth, or as soon as possible. */
export function recallSmooth(): boolean {
  return recall(KEY) === true;
}

export function rememberSmooth(smooth: boolean): void {
  remember(KEY, smooth);
}

/** Both tracks alike, so that sound and picture stay together. */
export function applySmooth(pc: RTCPeerConnection, smooth: boolean): void {
  if (!canSmooth()) return;
  for (const receiver of pc.getReceivers() as Receiver[]) {
    receiver.jitterBufferTarget = smooth ? SMOOTH_MS : 0;
  }
}
