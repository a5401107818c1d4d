/** Several sounds in one track, which stays the same when they change. */
export class Mix {
  readonly track: MediaStreamTrack;
  readonly #context: AudioContext;
  readonly #out: MediaStreamAudioDestinationNode;
  #sources = new Map<MediaStreamTrack, MediaStreamAudioSourceNode>();

  private constructor(context: AudioContext, out: MediaStreamAudioDestinationNode) {
    const [track] = out.stream.getAudioTracks();
    if (!track) throw new DOMException("no track", "NotSupportedError");
    this.#context = context;
    this.#out = out;
    this.track = track;
  }

  /** Null where the browser cannot mix. */
  static make(): Mix | null {
    try {
      // What Opus works with: nothing is resampled.
      const context = new AudioContext({ sampleRate: 48_000, latencyHint: "interactive" });
      void context.resume().catch(() => undefined);
      return new Mix(context, context.createMediaStreamDestination());
    } catch {
      return null;
    }
  }

  set(tracks: readonly MediaStreamTrack[]): void {
    for (const [track, source] of this.#sources) {
      if (tracks.includes(track)) continue;
      source.disconnect();
      this.#sources.delete(track);
    }
    for (const track of tracks) {
      if (this.#sources.has(track)) continue;
      const source = this.#context.createMediaStreamSource(new MediaStream([track]));
      source.connect(this.#out);
      this.#sources.set(track, source);
    }
  }

  close(): void {
    this.set([]);
    this.track.stop();
    void this.#context.close().catch(() => undefined);
  }
}
