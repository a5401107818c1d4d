#!/usr/bin/env python3
"""Plays HLS with GStreamer's playbin3.

    gst_hls.py URL     says how many pictures and pieces of sound were shown, a line of JSON each second

SIGINT or SIGTERM ends it.
"""

import json
import signal
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

SINK = "fakesink sync=true signal-handoffs=true"


def demuxers(pipeline):
    """The demuxers that play it."""
    found = []
    elements = pipeline.iterate_recurse()
    while True:
        result, element = elements.next()
        if result != Gst.IteratorResult.OK:
            return found
        factory = element.get_factory()
        if factory and "hls" in factory.get_name():
            found.append(factory.get_name())


def main():
    Gst.init(None)
    # Pictures and sound, no subtitles.
    pipeline = Gst.parse_launch(
        f'playbin3 flags=0x3 uri={sys.argv[1]} video-sink="{SINK}" audio-sink="{SINK}"'
    )
    shown = {"video": 0, "audio": 0}

    def count(kind):
        def handoff(*_):
            shown[kind] += 1

        pipeline.get_property(f"{kind}-sink").connect("handoff", handoff)

    count("video")
    count("audio")
    loop = GLib.MainLoop()

    def told(_, message):
        if message.type == Gst.MessageType.ERROR:
            print(message.parse_error(), file=sys.stderr)
            loop.quit()

    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", told)

    def say():
        print(json.dumps({**shown, "by": demuxers(pipeline)}), flush=True)
        return True

    GLib.timeout_add_seconds(1, say)
    for end in (signal.SIGINT, signal.SIGTERM):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, end, loop.quit)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    pipeline.set_state(Gst.State.NULL)


main()
