import { preferStereo } from "./stereo";

/** Answers an offer on a peer connection; null when it cannot take it. */
export async function acceptOffer(pc: RTCPeerConnection, offer: string): Promise<string | null> {
  try {
    await pc.setRemoteDescription({ type: "offer", sdp: offer });
    const answer = await pc.createAnswer();
    const stereo = { type: answer.type, sdp: preferStereo(answer.sdp ?? "") };
    // A browser that takes its own words only plays one channel, which is better than none.
    await pc.setLocalDescription(stereo).catch(() => pc.setLocalDescription(answer));
    return pc.localDescription?.sdp ?? null;
  } catch {
    return null;
  }
}
