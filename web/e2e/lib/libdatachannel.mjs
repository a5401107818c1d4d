// A publisher and a player on libdatachannel, the WebRTC library of OBS and of many programs that are no browsers.
import dgram from "node:dgram";
import nodeDataChannel from "node-datachannel";
import { sendRtpWithFfmpeg } from "./programs.mjs";

const PAYLOAD_TYPE = 96;
const SSRC = 4_242;

/** Sends an offer by WHIP or WHEP; takes the answer. Returns the address of the session. */
async function exchange(connection, url) {
  const offer = await new Promise((resolve) => {
    connection.onGatheringStateChange((state) => {
      if (state === "complete") resolve(connection.localDescription().sdp);
    });
    connection.setLocalDescription("offer");
  });
  const headers = { "content-type": "application/sdp" };
  const response = await fetch(url, { method: "POST", headers, body: offer });
  const body = await response.text();
  if (response.status !== 201) throw new Error(`${response.status} ${body}\n${offer}`);
  connection.setRemoteDescription(body, "answer");
  return { location: new URL(response.headers.get("location"), url), offer, answer: body };
}

class Session {
  constructor(name) {
    this.connection = new nodeDataChannel.PeerConnection(name, { iceServers: [] });
  }

  async stop() {
    if (this.location) await fetch(this.location, { method: "DELETE" }).catch(() => undefined);
    this.connection.close();
  }
}

/** Publishes what ffmpeg encodes: H264 with a keyframe a second, in a stream without retransmissions, as OBS. */
export class Publisher extends Session {
  static async start(url) {
    const it = new Publisher("publisher");
    const video = new nodeDataChannel.Video("video", "SendOnly");
    video.addH264Codec(PAYLOAD_TYPE);
    video.addSSRC(SSRC, "video", "stream", "video");
    it.track = it.connection.addTrack(video);
    it.socket = dgram.createSocket("udp4");
    await new Promise((resolve) => it.socket.bind(0, "127.0.0.1", resolve));
    it.sent = 0;
    it.socket.on("message", (packet) => {
      if (!it.track.isOpen()) return;
      packet[1] = (packet[1] & 0x80) | PAYLOAD_TYPE;
      packet.writeUInt32BE(SSRC, 8);
      it.sent += Number(it.track.sendMessageBinary(packet));
    });
    Object.assign(it, await exchange(it.connection, url));
    it.encoder = sendRtpWithFfmpeg(it.socket.address().port);
    return it;
  }

  async stop() {
    await this.encoder.stop();
    this.socket.close();
    await super.stop();
  }
}

/** Plays the picture, and counts what comes. */
export class Player extends Session {
  packets = 0;
  frames = 0;

  static async start(url) {
    const it = new Player("player");
    const video = new nodeDataChannel.Video("video", "RecvOnly");
    video.addH264Codec(PAYLOAD_TYPE);
    video.addVP8Codec(97);
    it.track = it.connection.addTrack(video);
    it.track.setMediaHandler?.(new nodeDataChannel.RtcpReceivingSession());
    it.track.onMessage((packet) => {
      const kind = packet[1] & 0x7f;
      if (packet.length < 12 || kind < 96) return;
      it.packets += 1;
      // The marker ends a frame.
      it.frames += packet[1] >> 7;
    });
    Object.assign(it, await exchange(it.connection, url));
    return it;
  }
}

/** Ends the library's threads, which would keep the program from ending. Now and then one stays all the same. */
export function cleanUp() {
  nodeDataChannel.cleanup();
  setTimeout(() => process.exit(), 5_000).unref();
}
