//! Turns a publisher's decrypted packets into packets for the room.

use std::sync::Arc;
use std::time::Instant;

use media_api::{Codec, MediaKind};
use rtp::header::Header;
use rtp::seq::extend;

use super::WebRtc;
use crate::ingress::received::Arrival;
use crate::ingress::streams::Tail;
use crate::media::capture_clock::Report;
use crate::media::codec::dependency_descriptor::Descriptor;
use crate::media::codec::{vp8, vp9};
use crate::media::format::Format;
use crate::media::header_ext::{ExtensionIds, HeaderExtensions};
use crate::media::packet::NO_PAYLOAD;
use crate::media::packet::{Packet, starts_keyframe};
use crate::media::stream_key::StreamKey;
use crate::media::svc::{SvcPosition, SwitchPoint};

/// Bytes of the original sequence number at the start of an RTX payload (RFC 4588, section 4).
const OSN_BYTES: usize = 2;

/// A media packet, original or retransmitted.
struct Arriving<'a> {
    /// Index of its stream.
    at: usize,
    seq: u64,
    ts: u32,
    marker: bool,
    payload_type: u8,
    payload: &'a [u8],
    header_ext: HeaderExtensions,
    dependency: Option<Descriptor>,
    arrived: Instant,
    is_repair: bool,
    is_admitted: bool,
}

impl WebRtc {
    /// Processes a packet whose extended sequence number on its SSRC is `index`. A packet above the limits is neither
    /// requested again nor forwarded.
    pub(super) fn handle_rtp(
        &mut self,
        link_at: usize,
        header: &Header<'_>,
        packet: &[u8],
        (index, is_admitted): (u64, bool),
        now: Instant,
    ) {
        let Some(at) = self.streams.of_packet(header, link_at, now) else {
            self.tell_transport(link_at, header, None, now);
            return;
        };
        let Some(stream) = self.streams.all.get_mut(at) else { return };
        stream.last_at = now;
        let (section_index, role) = (stream.section, stream.role);
        let Some(section) = self.streams.section(section_index) else { return };
        let ids = section.incoming.media.extensions;
        let rate = section.incoming.kind.clock_rate();
        self.tell_transport(link_at, header, Some(&ids), now);
        let mut arriving = Arriving {
            at,
            seq: index,
            ts: header.ts,
            marker: header.marker,
            payload_type: header.payload_type,
            payload: header.payload_without_padding(packet).unwrap_or_default(),
            header_ext: HeaderExtensions::read(header, &ids),
            dependency: dependency(header, &ids),
            arrived: now,
            is_repair: false,
            is_admitted,
        };
        if let Some(repaired_at) = self.repaired(role) {
            let section = self.streams.section(section_index);
            let Some(of) = section.and_then(|it| it.repeated(header.payload_type)) else { return };
            let payload_type = of.pt;
            if let Some(stream) = self.streams.all.get_mut(at) {
                stream.received.take(index);
                stream.received.sample(header.ts, rate, now);
            }
            // An RTX packet with padding alone probes the publisher's path.
            let Some((osn, payload)) = arriving.payload.split_first_chunk::<OSN_BYTES>() else {
                return;
            };
            let Some(seq) = self.original(repaired_at, u16::from_be_bytes(*osn)) else { return };
            arriving = Arriving {
                at: repaired_at,
                seq,
                payload_type,
                payload,
                is_repair: true,
                ..arriving
            };
        }
        let (at, seq) = (arriving.at, arriving.seq);
        self.take(arriving);
        self.let_go(at, seq, now);
    }

    /// Forwards the packets made from the last one to the room in order: video packets behind a missing one that was
    /// requested wait for it for a limited time.
    fn let_go(&mut self, at: usize, seq: u64, now: Instant) {
        let Some(stream) = self.streams.all.get_mut(at) else { return };
        let Some(media) = &mut stream.media else { return };
        let awaited = media.nack.awaited(now).map(|it| it.0);
        if media.order.is_empty() && awaited.is_none_or(|it| seq < it) {
            self.ready.append(&mut self.taken);
            return;
        }
        let is_picture = |it: &(StreamKey, Format, Packet)| it.1.kind() == MediaKind::Video;
        for it in self.taken.drain(..) {
            if is_picture(&it) {
                media.order.push(seq, it);
            } else {
                self.ready.push_back(it);
            }
        }
        self.ready.extend(std::iter::from_fn(|| media.order.pop(awaited)));
    }

    /// Forwards packets that have waited long enough.
    pub(super) fn let_go_in_time(&mut self, now: Instant) {
        for stream in &mut self.streams.all {
            let Some(media) = &mut stream.media else { continue };
            if media.order.is_empty() {
                continue;
            }
            let awaited = media.nack.awaited(now).map(|it| it.0);
            self.ready.extend(std::iter::from_fn(|| media.order.pop(awaited)));
        }
    }

    /// Records a packet's arrival for transport-wide feedback, if that was negotiated.
    fn tell_transport(
        &mut self,
        link_at: usize,
        header: &Header<'_>,
        ids: Option<&ExtensionIds>,
        now: Instant,
    ) {
        // The packet's stream is unknown: all media on one transport use the same extension id.
        let of_any = || {
            let mut sections = self.streams.sections.iter().filter(|it| it.link == link_at);
            sections.find_map(|it| it.incoming.media.extensions.transport_cc)
        };
        let Some(id) = ids.map_or_else(of_any, |it| it.transport_cc) else { return };
        let Some(&[high, low]) = header.extension(id) else { return };
        if let Some(link) = self.links.get_mut(link_at) {
            link.media_ssrc = header.ssrc;
            link.feedback.arrived(u16::from_be_bytes([high, low]), now);
        }
    }

    /// The extended sequence number of a retransmitted packet; `None` before the first packet of its stream.
    fn original(&self, at: usize, osn: u16) -> Option<u64> {
        let highest = self.streams.all.get(at)?.received.highest()?;
        Some(extend(osn, highest))
    }

    /// Processes a media packet.
    fn take(&mut self, it: Arriving<'_>) {
        let Some(stream) = self.streams.all.get_mut(it.at) else { return };
        let Some(media) = &mut stream.media else { return };
        let (index, rid, ssrc) = (stream.section, stream.rid, stream.ssrc);
        let arrival = stream.received.take(it.seq);
        match arrival {
            Arrival::New { gap } => {
                let is_padding = it.payload.is_empty();
                let tail = Tail { next: it.seq + 1, ts: it.ts, ends: it.marker || is_padding };
                let before = media.tail.replace(tail);
                // libwebrtc sends padding after a whole frame, with the frame's timestamp. Packets missing in between are
                // padding too, and padding is never retransmitted.
                let is_run = |it: Tail| it.ends && it.next == gap.start && it.ts == tail.ts;
                if is_padding && before.is_some_and(is_run) {
                    for seq in gap {
                        media.numbering.drop(seq);
                    }
                } else {
                    media.nack.missing(gap, it.arrived);
                }
            }
            Arrival::Late => {}
            Arrival::Duplicate | Arrival::TooOld => return,
        }
        let is_repaired = media.nack.arrived(it.seq, it.arrived);
        self.figures.repaired += u64::from(is_repaired);
        if !it.is_admitted {
            return;
        }
        let report = stream.received.sender_time();
        let report = report.map(|it| Report { ntp: it.ntp, rtp_ts: it.rtp_ts });
        let Some(kind) = self.streams.kind_of(index) else { return };
        let is_active = self.is_active(index, kind, it.arrived);
        let Some(section) = self.streams.section(index) else { return };
        let offered = section.format(it.payload_type).copied();
        let Some(stream) = self.streams.all.get_mut(it.at) else { return };
        let Some(media) = &mut stream.media else { return };
        let key = StreamKey { section: index, rid, ssrc };
        // Padding and payload types that are not forwarded leave no gap in the numbering.
        let Some(offered) = offered.filter(|_| is_active && !it.payload.is_empty()) else {
            let Some(seq) = media.numbering.drop(it.seq).filter(|_| is_active) else { return };
            let ts = media.timeline.map(it.seq, it.ts, kind.clock_rate(), it.arrived).0;
            if let Some(format) = section_format(&self.streams, index, it.at) {
                self.forward_empty(key, format, (seq, ts), it.arrived);
            }
            return;
        };
        let format = offered.format;
        media.payload_type = it.payload_type;
        if !it.is_repair {
            stream.received.sample(it.ts, kind.clock_rate(), it.arrived);
        }
        let (ts, _) = media.timeline.map(it.seq, it.ts, kind.clock_rate(), it.arrived);
        let mut is_keyframe = starts_keyframe(format.codec, it.payload);
        let (mut sets, mut lacks_sets) = (None, false);
        if format.codec == Codec::H264 {
            media.parameter_sets.take(it.payload, it.ts);
            is_keyframe = is_keyframe && media.parameter_sets.is_start(it.payload);
            lacks_sets = media.parameter_sets.is_lacking();
            if let Some(missing) = media.parameter_sets.before(it.payload, it.ts)
                && let Some(seq) = media.numbering.insert_before(it.seq)
            {
                sets = Some((seq, Arc::<[u8]>::from(missing)));
            }
        }
        let Some(seq) = media.numbering.number(it.seq) else { return };
        let rate = kind.clock_rate();
        let captured = match report {
            Some(report) => self.clock.captured(it.ts, rate, report, it.arrived),
            None => media.own_clock.captured(it.ts, rate, it.arrived),
        };
        let blank = Packet {
            seq,
            ts,
            marker: false,
            header_ext: it.header_ext,
            dependency: None,
            payload: NO_PAYLOAD.clone(),
            place: SvcPosition::default(),
            vp8: None,
            is_keyframe: false,
            arrived: it.arrived,
            captured,
        };
        if let Some((seq, payload)) = sets {
            let place = SvcPosition { opens: SwitchPoint::All, ..SvcPosition::default() };
            let packet = Packet { seq, payload, place, is_keyframe: true, ..blank.clone() };
            self.taken.push_back((key, format, packet));
        }
        let vp8 =
            (format.codec == Codec::Vp8).then(|| vp8::Descriptor::parse(it.payload)).flatten();
        // With a dependency descriptor, browsers leave layers and picture id out of the VP8 payload descriptor.
        let described = it.dependency.as_ref().and_then(|it| self.structures.place(ssrc, seq, it));
        let place = described.or_else(|| match format.codec {
            Codec::Vp8 => vp8.as_ref().map(vp8::Descriptor::place),
            Codec::Vp9 => vp9::place(it.payload),
            Codec::Opus | Codec::H264 | Codec::Av1 => None,
        });
        let place = place.unwrap_or_default();
        let opens = if is_keyframe { SwitchPoint::All } else { place.opens };
        let packet = Packet {
            marker: it.marker,
            dependency: it.dependency,
            payload: Arc::from(it.payload),
            place: SvcPosition { opens, ..place },
            vp8,
            is_keyframe,
            ..blank
        };
        self.ingest.take(ssrc, (format.codec, lacks_sets), &packet);
        self.taken.push_back((key, format, packet));
    }

    /// Forwards an empty packet with a sequence number that viewers wait for.
    fn forward_empty(
        &mut self,
        key: StreamKey,
        format: Format,
        (seq, ts): (u64, u32),
        arrived: Instant,
    ) {
        if format.kind() != MediaKind::Video {
            return;
        }
        let packet = Packet {
            seq,
            ts,
            marker: false,
            header_ext: HeaderExtensions::default(),
            dependency: None,
            payload: NO_PAYLOAD.clone(),
            place: SvcPosition::default(),
            vp8: None,
            is_keyframe: false,
            arrived,
            captured: arrived,
        };
        self.taken.push_back((key, format, packet));
    }
}

/// The format of a stream's last packet.
fn section_format(
    streams: &crate::ingress::streams::Streams,
    section: u8,
    at: usize,
) -> Option<Format> {
    let payload_type = streams.all.get(at)?.media.as_ref()?.payload_type;
    Some(streams.section(section)?.format(payload_type)?.format)
}

fn dependency(header: &Header<'_>, ids: &ExtensionIds) -> Option<Descriptor> {
    header.extension(ids.dependency_descriptor?).and_then(Descriptor::new)
}
