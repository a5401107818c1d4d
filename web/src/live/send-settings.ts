import { FRAME_RATE, isQualityName, QUALITIES, type Quality, type QualityName } from "./quality";
import { recall, remember } from "./storage";

export const SEND_CODECS = ["VP8", "VP9", "H264", "AV1"] as const;
export type SendCodec = (typeof SEND_CODECS)[number];

export const FRAME_RATES = [15, 24, 30, 60] as const;
export type FrameRate = (typeof FRAME_RATES)[number];

/** Bounds of a bit rate that a person types; the upper one is the server's own. */
export const KBPS = { min: 100, max: 20_000 } as const;

/** What a host wants to send. */
export interface SendSettings {
  quality: QualityName;
  /** `auto`: as the server wishes. */
  codec: SendCodec | "auto";
  fps: FrameRate;
  /** Instead of the quality's own; null: that. */
  kbps: number | null;
  /** Sound as it is: no echo cancellation, no noise suppression, no gain control, 256 kbit/s. */
  music: boolean;
  /** Two channels; only as it is, since browsers cancel echoes in one. */
  stereo: boolean;
}

const USUAL: SendSettings = {
  quality: "hd",
  codec: "auto",
  fps: FRAME_RATE,
  kbps: null,
  music: false,
  stereo: false,
};

/** What the person chose the last time; what makes no sense is as usual. */
export function recallSettings(): SendSettings {
  const known = recall("send");
  const quality = recall("quality");
  const found = { ...(typeof known === "object" && known !== null ? known : {}) } as SendSettings;
  return {
    quality: isQualityName(quality) ? quality : USUAL.quality,
    codec: isSendCodec(found.codec) ? found.codec : USUAL.codec,
    fps: FRAME_RATES.includes(found.fps) ? found.fps : USUAL.fps,
    kbps: isKbps(found.kbps) ? found.kbps : null,
    music: found.music === true,
    stereo: found.music === true && found.stereo === true,
  };
}

export function rememberSettings(settings: SendSettings): void {
  const { quality, ...rest } = settings;
  remember("quality", quality);
  remember("send", rest);
}

/** The settings with a change, as they go together: stereo is for sound as it is. */
export function changed(settings: SendSettings, change: Partial<SendSettings>): SendSettings {
  const next = { ...settings, ...change };
  if (change.stereo) next.music = true;
  if (!next.music) next.stereo = false;
  if (next.kbps !== null && !isKbps(next.kbps)) next.kbps = settings.kbps;
  return next;
}

export function isKbps(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= KBPS.min && Number(value) <= KBPS.max;
}

/** The size asked of the camera, and the bits a second of its picture. */
export function pictureOf(settings: SendSettings): Quality {
  const quality = QUALITIES[settings.quality];
  const { kbps } = settings;
  return kbps === null ? quality : { ...quality, maxBitrateBps: kbps * 1000 };
}

/** The codec that is sent where the server wishes for one: every browser can send VP8. */
export function codecFor({ codec }: SendSettings, wish: string | null): SendCodec {
  if (codec !== "auto") return codec;
  return isSendCodec(wish) && sendableCodecs().includes(wish) ? wish : "VP8";
}

/** Browsers make several layers of these; of the others each in its own way, or not at all. */
export function hasLayers(codec: SendCodec): boolean {
  return codec === "VP8" || codec === "H264";
}

function isSendCodec(value: unknown): value is SendCodec {
  return SEND_CODECS.some((codec) => codec === value);
}

/** The video codecs that this browser can send, as far as it says so. */
export function sendableCodecs(): SendCodec[] {
  const codecs = globalThis.RTCRtpSender?.getCapabilities?.("video")?.codecs ?? [];
  const names = codecs.map(({ mimeType }) => mimeType.toLowerCase());
  return SEND_CODECS.filter((name) => names.includes(`video/${name.toLowerCase()}`));
}
