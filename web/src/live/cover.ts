import { withBase } from "./base-path";
import { typedKey } from "./host-key";
import type { ErrorCode } from "./protocol";

/** As large as the list of rooms shows it, twice as fine. */
const SIZE = { width: 640, height: 360 };
const TYPE = "image/jpeg";
const QUALITY = 0.82;

/** What the video shows now, cut to the shape of a cover; null while there is no picture. */
export function coverOf(video: HTMLVideoElement): Promise<Blob | null> {
  const { videoWidth, videoHeight } = video;
  const canvas = document.createElement("canvas");
  Object.assign(canvas, SIZE);
  const context = canvas.getContext("2d");
  if (!context || !videoWidth || !videoHeight) return Promise.resolve(null);
  const scale = Math.max(SIZE.width / videoWidth, SIZE.height / videoHeight);
  const [w, h] = [videoWidth * scale, videoHeight * scale];
  context.drawImage(video, (SIZE.width - w) / 2, (SIZE.height - h) / 2, w, h);
  return new Promise((resolve) => canvas.toBlob(resolve, TYPE, QUALITY));
}

export function coverUrl(room: string, version?: number): string {
  const query = version === undefined ? "" : `?v=${version}`;
  return withBase(`/api/rooms/${encodeURIComponent(room)}/cover${query}`);
}

/** The same for the operator, of private rooms as well. */
export function operatorCoverUrl(room: string, version: number): string {
  return withBase(`/api/v1/rooms/${encodeURIComponent(room)}/cover?v=${version}`);
}

/** Gives the room a picture; why not, where the server does not take it. */
export async function saveCover(room: string, picture: Blob): Promise<ErrorCode | "failed" | null> {
  const key = typedKey();
  const headers = { "content-type": TYPE, ...(key ? { authorization: `Bearer ${key}` } : {}) };
  try {
    const response = await fetch(coverUrl(room), { method: "PUT", headers, body: picture });
    if (response.ok) return null;
    const { code } = (await response.json()) as { code?: ErrorCode };
    return code ?? "failed";
  } catch {
    return "failed";
  }
}
