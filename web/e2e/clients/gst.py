#!/usr/bin/env python3
"""Publishes by WHIP or plays by WHEP with GStreamer's webrtcbin.

    gst.py publish URL [--token KEY]   four coloured quarters, a ball between them, a tone of 440 Hz
    gst.py play URL [--token KEY]      says what is seen and heard, a line of JSON each time

SIGINT or SIGTERM ends it, and its session with it.
"""

import argparse
import cmath
import json
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

PICTURE = """
compositor name=mix background=black
  sink_0::xpos=0 sink_0::ypos=0 sink_1::xpos=320 sink_1::ypos=0
  sink_2::xpos=0 sink_2::ypos=200 sink_3::xpos=320 sink_3::ypos=200
  sink_4::xpos=0 sink_4::ypos=160
videotestsrc is-live=true pattern=red ! video/x-raw,width=320,height=160,framerate=30/1 ! mix.sink_0
videotestsrc is-live=true pattern=green ! video/x-raw,width=320,height=160 ! mix.sink_1
videotestsrc is-live=true pattern=blue ! video/x-raw,width=320,height=160 ! mix.sink_2
videotestsrc is-live=true pattern=solid-color foreground-color=0xffffff00
  ! video/x-raw,width=320,height=160 ! mix.sink_3
videotestsrc is-live=true pattern=ball motion=sweep ! video/x-raw,width=640,height=40 ! mix.sink_4
mix. ! video/x-raw,format=I420,width=640,height=360,framerate=30/1 ! queue
  ! x264enc tune=zerolatency speed-preset=ultrafast bframes=0 key-int-max=30 bitrate=1000
  ! video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 aggregate-mode=zero-latency
  ! application/x-rtp,media=video,encoding-name=H264,payload=96 ! webrtc.
"""
SOUND = """
audiotestsrc is-live=true freq=440 ! audio/x-raw,rate=48000,channels=2 ! queue ! opusenc ! rtpopuspay
  ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! webrtc.
"""
WEBRTC = "webrtcbin name=webrtc bundle-policy=max-bundle "

# What a player takes, best first.
PLAYS = {
    "audio": "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000,"
    "encoding-params=(string)2",
    "video": "application/x-rtp,media=video,encoding-name=H264,payload=102,clock-rate=90000,"
    "packetization-mode=(string)1,profile-level-id=(string)42e01f,rtcp-fb-nack-pli=(boolean)true;"
    "application/x-rtp,media=video,encoding-name=VP8,payload=96,clock-rate=90000,"
    "rtcp-fb-nack-pli=(boolean)true",
}
WIDTH, HEIGHT = 64, 36
RATE, WINDOW = 8000, 2048


def say(**fields):
    print(json.dumps(fields), flush=True)


class Session:
    """The HTTP exchange of WHIP (RFC 9725) and WHEP: POST an offer, DELETE what came of it."""

    def __init__(self, endpoint, token):
        self.endpoint = endpoint
        self.token = token
        self.url = None

    def request(self, method, url, body=None):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            headers["Content-Type"] = "application/sdp"
        data = body.encode() if body is not None else None
        return urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method))

    def open(self, offer):
        with self.request("POST", self.endpoint, offer) as response:
            self.url = urllib.parse.urljoin(self.endpoint, response.headers["Location"])
            return response.read().decode()

    def close(self):
        if not self.url:
            return
        try:
            self.request("DELETE", self.url).close()
        except urllib.error.HTTPError as error:
            # The server ended it first: it lost the media connection.
            say(refused=error.code)


class Client:
    def __init__(self, pipeline, session):
        self.pipeline = pipeline
        self.session = session
        self.loop = GLib.MainLoop()
        self.status = 0
        self.webrtc = pipeline.get_by_name("webrtc")
        # The agent is kept: without a reference from here GStreamer 1.22.0 crashes.
        self.agent = self.webrtc.get_property("ice-agent")
        # It looks for routers to open ports in, which no test has and which crashed it at times.
        self.agent.get_property("agent").set_property("upnp", False)
        # Without it a server on this machine is not reached by its loopback address.
        self.agent.emit("add-local-ip-address", "127.0.0.1")
        self.webrtc.connect("on-negotiation-needed", self.negotiate)
        bus = pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.failed)

    def negotiate(self, webrtc):
        webrtc.emit("create-offer", None, Gst.Promise.new_with_change_func(self.offered))

    def offered(self, promise):
        # The offer is a part of the reply, and is gone with it.
        reply = promise.get_reply()
        offer = reply.get_value("offer")
        self.webrtc.emit("set-local-description", offer, None)
        try:
            answer = self.session.open(offer.sdp.as_text())
        except urllib.error.HTTPError as error:
            say(refused=error.code, problem=json.loads(error.read()))
            self.end(1)
            return
        except OSError as error:
            say(error=str(error))
            self.end(1)
            return
        say(session=self.session.url)
        _, sdp = GstSdp.SDPMessage.new_from_text(answer)
        kind = GstWebRTC.WebRTCSDPType.ANSWER
        description = GstWebRTC.WebRTCSessionDescription.new(kind, sdp)
        self.webrtc.emit("set-remote-description", description, None)

    def failed(self, _bus, message):
        say(error=str(message.parse_error()))
        self.end(1)

    def end(self, status):
        self.status = status
        GLib.idle_add(self.loop.quit)

    def run(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, self.end, 0)
        self.pipeline.set_state(Gst.State.PLAYING)
        self.loop.run()
        self.session.close()
        self.pipeline.set_state(Gst.State.NULL)
        return self.status


class Player(Client):
    """Decodes, and measures what comes: colours, motion and tone."""

    def __init__(self, session):
        pipeline = Gst.Pipeline.new()
        pipeline.add(Gst.parse_launch("webrtcbin name=webrtc bundle-policy=max-bundle"))
        super().__init__(pipeline, session)
        self.webrtc.connect("pad-added", self.comes)
        direction = GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY
        for caps in PLAYS.values():
            self.webrtc.emit("add-transceiver", direction, Gst.Caps.from_string(caps))
        self.frames = self.changes = 0
        self.last = None
        self.seen = {}
        self.samples = []

    def comes(self, _webrtc, pad):
        if pad.direction != Gst.PadDirection.SRC:
            return
        decoder = Gst.ElementFactory.make("decodebin")
        decoder.connect("pad-added", self.decoded)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def decoded(self, _decoder, pad):
        caps = pad.get_current_caps()
        is_video = caps.to_string().startswith("video/")
        if is_video:
            convert = "videoconvert ! videoscale"
            wanted = f"video/x-raw,format=RGB,width={WIDTH},height={HEIGHT},pixel-aspect-ratio=1/1"
        else:
            convert = "audioconvert ! audioresample"
            wanted = f"audio/x-raw,format=S16LE,channels=1,rate={RATE}"
        sink = f"queue ! {convert} ! {wanted} ! appsink name=sink emit-signals=true sync=false"
        chain = Gst.parse_bin_from_description(sink, True)
        taken = self.picture if is_video else self.sound
        chain.get_by_name("sink").connect("new-sample", taken)
        self.pipeline.add(chain)
        chain.sync_state_with_parent()
        pad.link(chain.get_static_pad("sink"))
        if is_video:
            size = caps.get_structure(0)
            self.seen.update(
                width=size.get_value("width"), height=size.get_value("height")
            )

    def picture(self, sink):
        data = pull(sink)
        self.frames += 1
        middle = slice(WIDTH * (HEIGHT // 2) * 3, WIDTH * (HEIGHT // 2 + 1) * 3)
        self.changes += self.last is not None and data[middle] != self.last[middle]
        self.last = data
        quarters = [pixel(data, x, y) for y in (8, 28) for x in (16, 48)]
        self.seen.update(frames=self.frames, changes=self.changes, quarters=quarters)
        return Gst.FlowReturn.OK

    def sound(self, sink):
        self.samples.extend(memoryview(pull(sink)).cast("h"))
        if len(self.samples) >= WINDOW:
            window, self.samples = self.samples[:WINDOW], []
            tone, level = listen(window)
            # Here, and not for each picture: it is a line in a quarter of a second.
            say(tone=tone, level=level, **self.seen)
        return Gst.FlowReturn.OK


def pull(sink):
    buffer = sink.emit("pull-sample").get_buffer()
    return buffer.extract_dup(0, buffer.get_size())


def pixel(data, x, y):
    at = (y * WIDTH + x) * 3
    return list(data[at : at + 3])


def fft(values):
    half = len(values) // 2
    if half == 0:
        return values
    even, odd = fft(values[0::2]), fft(values[1::2])
    turned = [cmath.exp(-1j * cmath.pi * k / half) * odd[k] for k in range(half)]
    return [e + t for e, t in zip(even, turned)] + [e - t for e, t in zip(even, turned)]


def listen(samples):
    """The loudest frequency in Hz, and the mean square from 0 to 1."""
    spectrum = [abs(bin) for bin in fft([complex(it / 32768) for it in samples])]
    loudest = max(range(1, WINDOW // 2), key=spectrum.__getitem__)
    level = sum(it * it for it in samples) / 32768**2 / len(samples)
    return round(loudest * RATE / WINDOW, 1), round(level, 6)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["publish", "play"])
    parser.add_argument("url")
    parser.add_argument("--token")
    args = parser.parse_args()
    Gst.init(None)
    session = Session(args.url, args.token)
    if args.what == "play":
        client = Player(session)
    else:
        client = Client(Gst.parse_launch(WEBRTC + PICTURE + SOUND), session)
    return client.run()


if __name__ == "__main__":
    sys.exit(main())
