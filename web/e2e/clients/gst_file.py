#!/usr/bin/env python3
"""Plays a file to its end with GStreamer, as fast as it can.

    gst_file.py URL     says what it saw of each stream, a line of JSON

A stream whose codec this machine's GStreamer does not decode is parsed only: its `decoded` is null.
"""

import json
import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402


class Times:
    """When what passes a pad is played, in seconds of running time: edit lists are applied."""

    def __init__(self, pad):
        self.count, self.first, self.last, self.end, self.backwards = 0, None, None, None, 0
        pad.add_probe(Gst.PadProbeType.BUFFER, self.take)

    def take(self, pad, info):
        buffer = info.get_buffer()
        segment = pad.get_sticky_event(Gst.EventType.SEGMENT, 0).parse_segment()
        at = segment.to_running_time(Gst.Format.TIME, buffer.pts)
        # What is outside of the segment is not played.
        if at == Gst.CLOCK_TIME_NONE:
            return Gst.PadProbeReturn.OK
        at /= Gst.SECOND
        self.first = at if self.first is None else self.first
        before = at if self.last is None else self.last
        # Not every container says how long a frame is shown: then it is as long as the one before.
        is_told = buffer.duration != Gst.CLOCK_TIME_NONE
        self.end = at + (buffer.duration / Gst.SECOND if is_told else at - before)
        self.backwards += self.count > 0 and at <= before
        self.last = at
        self.count += 1
        return Gst.PadProbeReturn.OK

    def told(self):
        return vars(self)


def main():
    Gst.init(None)
    pipeline = Gst.parse_launch("urisourcebin name=source ! parsebin name=parser")
    pipeline.get_by_name("source").set_property("uri", sys.argv[1])
    streams = []

    def add(name):
        element = Gst.ElementFactory.make(name)
        pipeline.add(element)
        return element

    def decoded(_, pad, stream):
        stream["decoded"] = Times(pad)
        sink = add("fakesink")
        sink.set_property("sync", False)
        sink.set_property("async", False)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def parsed(_, pad):
        caps = pad.get_current_caps() or pad.query_caps()
        stream = {"codec": caps.get_structure(0).get_name(), "parsed": Times(pad), "decoded": None}
        streams.append(stream)
        queue = add("queue")
        queue.sync_state_with_parent()
        pad.link(queue.get_static_pad("sink"))
        decoder = add("decodebin")
        decoder.connect("pad-added", decoded, stream)
        decoder.sync_state_with_parent()
        queue.link(decoder)

    def unknown(_, pad, caps):
        # Nothing decodes it. The parser's own pad: it leads nowhere, and what passes it is counted all the same.
        codec = caps.get_structure(0).get_name()
        streams.append({"codec": codec, "parsed": Times(pad), "decoded": None})

    parser = pipeline.get_by_name("parser")
    parser.connect("pad-added", parsed)
    parser.connect("unknown-type", unknown)
    loop = GLib.MainLoop()
    fault = None

    def told(_, message):
        nonlocal fault
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.WARNING):
            parse = "parse_error" if message.type == Gst.MessageType.ERROR else "parse_warning"
            fault = str(getattr(message, parse)())
        if message.type in (Gst.MessageType.ERROR, Gst.MessageType.EOS):
            loop.quit()

    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", told)
    pipeline.set_state(Gst.State.PLAYING)
    loop.run()
    _, duration = pipeline.query_duration(Gst.Format.TIME)
    pipeline.set_state(Gst.State.NULL)
    for stream in streams:
        for stage in ("parsed", "decoded"):
            stream[stage] = stream[stage] and stream[stage].told()
    print(json.dumps({"duration": duration / Gst.SECOND, "streams": streams, "fault": fault}))


main()
