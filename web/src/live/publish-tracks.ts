import type { LocalMediaSnapshot } from "./local-media";
import { preferCodec } from "./peer";
import type { LayerSize } from "./protocol";
import { LAYERS } from "./quality";
import { codecFor, hasLayers, pictureOf, type SendCodec } from "./send-settings";

/**
 * Always sound first and picture second, so that a later device fits without a new offer.
 *
 * @param wish the codec that the server wishes for, if any
 */
export function addTracks(
  pc: RTCPeerConnection,
  media: LocalMediaSnapshot,
  wish: string | null,
): void {
  const { audioTrack, videoTrack, stream, settings } = media;
  const streams = stream ? [stream] : [];
  const codec = codecFor(settings, wish);
  pc.addTransceiver(audioTrack ?? "audio", { direction: "sendonly", streams });
  const video = pc.addTransceiver(videoTrack ?? "video", {
    direction: "sendonly",
    streams,
    // Each fan is sent the layer that its network carries (RFC 8853).
    sendEncodings: layersOf(codec).map(({ rid, scale, share }, _, { length }) => ({
      ...(length > 1 ? { rid } : {}),
      scaleResolutionDownBy: scale,
      maxBitrate: pictureOf(settings).maxBitrateBps * share,
      maxFramerate: settings.fps,
    })),
  });
  preferCodec(video, codec);
}

function layersOf(codec: SendCodec) {
  return hasLayers(codec) ? LAYERS : LAYERS.slice(-1);
}

/** Sends what the preview shows now, over the connection there is. */
export async function replaceTracks(
  pc: RTCPeerConnection,
  media: LocalMediaSnapshot,
): Promise<void> {
  const [audio, video] = pc.getTransceivers();
  await replace(audio?.sender, media.audioTrack);
  await replace(video?.sender, media.videoTrack);
}

/**
 * Bit rate by the chosen quality; a face may blur, a text may not. Layers that nobody watches are not
 * encoded. One call at a time: the browser refuses parameters that another has changed meanwhile.
 */
export async function tuneVideo(
  pc: RTCPeerConnection,
  media: LocalMediaSnapshot,
  paused: ReadonlySet<string>,
): Promise<void> {
  const sender = pc.getTransceivers()[1]?.sender;
  const parameters = sender?.getParameters();
  if (!sender || !parameters?.encodings?.length) return;
  for (const encoding of parameters.encodings) {
    // Without layers there is one encoding, and it has no name.
    const share = LAYERS.find((layer) => layer.rid === encoding.rid)?.share ?? 1;
    encoding.maxBitrate = pictureOf(media.settings).maxBitrateBps * share;
    encoding.maxFramerate = media.settings.fps;
    encoding.active = !paused.has(encoding.rid ?? "");
  }
  parameters.degradationPreference =
    media.source === "camera" ? "maintain-framerate" : "maintain-resolution";
  // A browser that refuses sends with its own ideas, which is better than not at all.
  await sender.setParameters(parameters).catch(() => undefined);
}

/** How large the picture of each layer is, for the fans' choice; empty without layers. */
export function layerSizes(pc: RTCPeerConnection, media: LocalMediaSnapshot): LayerSize[] {
  const encodings = pc.getTransceivers()[1]?.sender.getParameters().encodings ?? [];
  const { width, height } = media.videoTrack?.getSettings() ?? {};
  if (encodings.length < 2 || !width || !height) return [];
  return LAYERS.filter(({ rid }) => encodings.some((encoding) => encoding.rid === rid)).map(
    ({ rid, scale }) => ({ rid, w: Math.floor(width / scale), h: Math.floor(height / scale) }),
  );
}

async function replace(
  sender: RTCRtpSender | undefined,
  track: MediaStreamTrack | null,
): Promise<void> {
  // Without a track nothing is sent: of one that has ended some browsers repeat the last picture.
  if (!sender || sender.track === track) return;
  await sender.replaceTrack(track).catch(() => undefined);
}
