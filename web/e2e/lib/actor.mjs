/**
 * Runs in a blank page: a page of the protocol without any interface, as host, fan or guest.
 * `actor.streams` has what it is sent, by stream. It must not use anything outside itself.
 */
export function defineActor() {
  class Actor {
    messages = [];
    state = null;
    queue = [];
    steps = [];
    errors = [];
    offers = 0;
    streams = new Map();

    constructor({ url, room, role, name, secret }) {
      this.hello = { type: "hello", v: 1, role, room, name, secret };
      this.socket = new WebSocket(url);
      this.socket.onopen = () => this.say(this.hello);
      this.socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    }

    say(message) {
      this.socket.send(JSON.stringify(message));
    }

    /** Negotiations follow each other. */
    #queue = Promise.resolve();

    #hear(message) {
      this.messages.push(message.type);
      if (message.type === "welcome") this.state = message.room;
      if (message.type === "state") this.state = message;
      if (message.type === "stage_queue") this.queue = message.people;
      if (message.type === "stage") this.steps.push(message.step);
      if (message.type === "error") this.errors.push(message.code);
      if (message.type === "offer") {
        this.offers += 1;
        this.#queue = this.#queue.then(() => this.#answer(message));
      }
      if (message.type === "answer") {
        this.#queue = this.#queue.then(() => this.pub.setRemoteDescription(message));
      }
    }

    async #answer({ sdp, neg }) {
      if (neg === 1) {
        this.sub?.close();
        this.sub = new RTCPeerConnection();
        this.streams.clear();
        this.sub.ontrack = ({ track, receiver, streams: [stream] }) => {
          const tracks = this.streams.get(stream.id) ?? {};
          tracks[track.kind] = receiver;
          this.streams.set(stream.id, tracks);
          // A browser may leave out what nobody plays.
          const element = document.createElement(track.kind);
          Object.assign(element, { autoplay: true, muted: true });
          element.srcObject = new MediaStream([track]);
          document.body.append(element);
        };
      }
      const pc = this.sub;
      await pc.setRemoteDescription({ type: "offer", sdp });
      await pc.setLocalDescription(await pc.createAnswer());
      this.say({ type: "answer", sdp: pc.localDescription.sdp, pc: "sub", neg });
    }

    async publish({ simulcast = false } = {}) {
      const media = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
      this.pub?.close();
      this.pub = new RTCPeerConnection();
      const layers = [
        { rid: "q", scaleResolutionDownBy: 2 },
        { rid: "h", scaleResolutionDownBy: 1 },
      ];
      for (const track of media.getTracks()) {
        const sendEncodings = simulcast && track.kind === "video" ? layers : undefined;
        this.pub.addTransceiver(track, { direction: "sendonly", streams: [media], sendEncodings });
      }
      await this.pub.setLocalDescription(await this.pub.createOffer());
      this.say({ type: "offer", pc: "pub", neg: 1, sdp: this.pub.localDescription.sdp });
    }

    /** How many frames of a stream were decoded, and how many packets of its sound came. */
    async received(id) {
      const counts = { frames: 0, packets: 0 };
      const tracks = this.streams.get(id);
      for (const receiver of tracks ? Object.values(tracks) : []) {
        for (const stat of (await receiver.getStats()).values()) {
          if (stat.type !== "inbound-rtp") continue;
          if (stat.kind === "video") counts.frames += stat.framesDecoded ?? 0;
          if (stat.kind === "audio") counts.packets += stat.packetsReceived ?? 0;
        }
      }
      return counts;
    }

    /** The directions of what the server sends, in the order of its offer. */
    directions() {
      return this.sub.getTransceivers().map(({ currentDirection }) => currentDirection);
    }
  }
  window.Actor = Actor;
}
