//! From a packet of the ring to an encrypted datagram in the outbox: header, payload, padding, key.
//! This is where a server of thousands of viewers spends its time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rtp::header::{Extension, HeaderWriter};
use rtp::rtcp;
use rtp::srtp::{self, Stream};
use str0m::rtp::ExtensionValues;

use super::history::History;
use super::ice::Path;
use super::probe::Probing;
use super::report::{Account, Reports};
use crate::bwe::Probe;
use crate::egress::sdp::{Extensions, Remote};
use crate::egress::{Kind, Outgoing};
use crate::elements::{CaptureTime, Elements};
use crate::outbox::{MAX_DATAGRAM_BYTES, Outbox};

/// Packets that say which media description they are of (RFC 9143, section 9.2): by then the viewer
/// has learned the SSRC, if it did not from the description.
const PACKETS_WITH_MID: u64 = 200;

/// What repetitions may use of what was sent, a burst included: a viewer at 15 % loss needs a fifth;
/// without a bound, one who asks for everything again and again is given it. At once go 20 packets,
/// as of anything: after an outage a viewer asks for all that it missed, which fills its link.
const REPEAT_SHARE: i64 = 2;
const REPEAT_BURST: i64 = 24_000;

/// The time between two sender reports. Browsers line sound up with picture by them.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// The SSRCs of one viewer's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ssrcs {
    /// Sound.
    pub(crate) audio: u32,
    /// Picture.
    pub(crate) video: u32,
    /// Repetitions of the picture (RFC 4588).
    pub(crate) rtx: u32,
}

/// Twelve bytes, and one extension element with a word around it.
const PLAIN_HEADER_BYTES: usize = 20;

/// The most bytes of padding in one packet: the last of them says how many there are (RFC 3550,
/// section 5.1).
const MAX_PADDING: usize = 255;

/// What the network adds: IPv4 and UDP.
const NETWORK_HEADER_BYTES: usize = 28;

/// Everything that goes out to one viewer under its keys.
#[derive(Debug)]
pub(crate) struct Sender {
    keys: srtp::Sender,
    ssrcs: Ssrcs,
    audio: Outlet,
    video: Outlet,
    rtx: Outlet,
    /// The next index of the repetitions.
    rtx_index: u64,
    repeat_budget: i64,
    probing: Option<Probing>,
    history: History,
    reports: Reports,
    report_at: Instant,
    cname: String,
}

/// One stream.
#[derive(Debug)]
struct Outlet {
    stream: Stream,
    account: Account,
    n_sent: u64,
    /// Element ids, and the name of the media description.
    ids: Extensions,
    mid: String,
    has_transport_cc: bool,
}

/// Which stream a packet goes out on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum To {
    Audio,
    Video,
    /// With the sequence number that it had.
    Rtx(u16),
    /// Where repetitions go, without content.
    Padding,
}

impl Sender {
    /// With fresh keys. `None` when the SSRCs are not three different ones.
    pub(crate) fn new(
        mut keys: srtp::Sender,
        ssrcs: Ssrcs,
        remote: &Remote,
        reports: Reports,
        cname: String,
        now: Instant,
    ) -> Option<Self> {
        let mut outlet = |ssrc| {
            Some(Outlet {
                stream: keys.stream(ssrc)?,
                account: Account::default(),
                n_sent: 0,
                ids: Extensions::default(),
                mid: String::new(),
                has_transport_cc: false,
            })
        };
        let (audio, video, rtx) = (outlet(ssrcs.audio)?, outlet(ssrcs.video)?, outlet(ssrcs.rtx)?);
        let mut sender = Self {
            keys,
            ssrcs,
            audio,
            video,
            rtx,
            rtx_index: 1,
            repeat_budget: REPEAT_BURST,
            probing: None,
            history: History::default(),
            reports,
            report_at: now + REPORT_INTERVAL / 4,
            cname,
        };
        sender.negotiated(remote);
        Some(sender)
    }

    /// Takes what a description says of the header.
    pub(crate) fn negotiated(&mut self, remote: &Remote) {
        for (outlet, kind) in [
            (&mut self.audio, Kind::Audio),
            (&mut self.video, Kind::Video),
            (&mut self.rtx, Kind::Video),
        ] {
            let Some(media) = remote.media(kind) else { continue };
            outlet.ids = media.extensions;
            outlet.mid.clone_from(&media.mid);
            outlet.has_transport_cc = media.extensions.transport_cc.is_some()
                && media.formats.iter().any(|it| it.transport_cc);
        }
    }

    /// Sends a packet of the ring.
    pub(crate) fn forward(
        &mut self,
        packet: &Outgoing<'_>,
        path: Path,
        now_us: u64,
        out: &mut Outbox,
    ) {
        let to = match packet.kind {
            Kind::Audio => To::Audio,
            Kind::Video => To::Video,
        };
        let len = self.write(to, packet.payload_type, packet.seq, packet, path, now_us, out);
        let earned = len as i64 / REPEAT_SHARE;
        self.repeat_budget = (self.repeat_budget + earned).min(REPEAT_BURST);
    }

    /// Begins to probe the link.
    pub(crate) fn probe(&mut self, probe: Probe, now_us: u64) {
        self.probing = Some(Probing::new(probe, now_us));
    }

    /// Bytes that a probe lacks now.
    pub(crate) fn probe_lacks(&mut self, now_us: u64) -> usize {
        let has_feedback = self.rtx.has_transport_cc;
        self.probing = self.probing.filter(|it| has_feedback && !it.is_over(now_us));
        self.probing.as_ref().map_or(0, |it| it.lacks(now_us))
    }

    /// When a probe lacks more, in microseconds.
    pub(crate) fn probe_at(&self, now_us: u64) -> Option<u64> {
        self.probing.as_ref().map(|it| it.next_us(now_us))
    }

    /// Fills a probe with a packet that was sent before, or without one with padding alone.
    pub(crate) fn fill(
        &mut self,
        payload_type: u8,
        packet: Option<&Outgoing<'_>>,
        now: Instant,
        path: Path,
        now_us: u64,
        out: &mut Outbox,
    ) {
        let index = self.rtx_index;
        self.rtx_index += 1;
        if let Some(packet) = packet {
            let to = To::Rtx(packet.seq as u16);
            self.write(to, payload_type, index, packet, path, now_us, out);
            return;
        }
        let nothing = Outgoing {
            kind: Kind::Video,
            payload_type,
            seq: index,
            ts: self.rtx.account.timestamp_at(now).unwrap_or(0),
            padding: MAX_PADDING as u8,
            marker: false,
            extensions: &ExtensionValues::default(),
            elements: &Elements::default(),
            payload: &Arc::from([]),
            vp8_patch: None,
            captured: now,
        };
        self.write(To::Padding, payload_type, index, &nothing, path, now_us, out);
    }

    /// Sends a packet of the ring again, unless too much was repeated already.
    pub(crate) fn repeat(
        &mut self,
        payload_type: u8,
        packet: &Outgoing<'_>,
        path: Path,
        now_us: u64,
        out: &mut Outbox,
    ) {
        if self.repeat_budget < packet.payload.len() as i64 {
            return;
        }
        let index = self.rtx_index;
        self.rtx_index += 1;
        let to = To::Rtx(packet.seq as u16);
        let len = self.write(to, payload_type, index, packet, path, now_us, out);
        self.repeat_budget -= len as i64;
    }

    /// Writes and encrypts one packet in place. Returns its length; 0 when it was not sent: its
    /// number was used before, which only a fault of ours could bring about, or it is too long.
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "the packet path, inlined: no struct in between")]
    fn write(
        &mut self,
        to: To,
        payload_type: u8,
        index: u64,
        packet: &Outgoing<'_>,
        path: Path,
        now_us: u64,
        out: &mut Outbox,
    ) -> usize {
        let (outlet, ssrc) = match to {
            To::Audio => (&mut self.audio, self.ssrcs.audio),
            To::Video => (&mut self.video, self.ssrcs.video),
            To::Rtx(_) | To::Padding => (&mut self.rtx, self.ssrcs.rtx),
        };
        let transport_seq = outlet.has_transport_cc.then(|| self.history.next_seq());
        let buffer = out.reserve();
        let Some(plain) =
            outlet.compose(to, payload_type, index, ssrc, packet, transport_seq, buffer)
        else {
            return 0;
        };
        let Composed { header_len, plain_len } = plain;
        let protected = self.keys.protect(&mut outlet.stream, index, buffer, header_len, plain_len);
        let Ok(len) = protected else { return 0 };
        out.commit(len, path.local, path.remote);
        if transport_seq.is_some() {
            let len = len + NETWORK_HEADER_BYTES;
            let probe = self.probing.as_mut().map(|it| {
                it.note(len);
                it.id()
            });
            self.history.note(now_us, len, probe);
        }
        outlet.n_sent += 1;
        let clock_rate = if packet.kind == Kind::Video { 90_000 } else { 48_000 };
        outlet.account.note(packet.captured, packet.ts, clock_rate, packet.payload.len());
        len
    }

    /// What was sent under which transport-wide number.
    pub(crate) fn history(&mut self) -> &mut History {
        &mut self.history
    }

    /// The round trip that a report block tells.
    pub(crate) fn round_trip(&self, block: &rtcp::ReportBlock, now: Instant) -> Option<Duration> {
        self.reports.round_trip(block.last_sr, block.delay_since_last_sr, now)
    }

    /// The viewer said what its clock says.
    pub(crate) fn note_reference(&mut self, ssrc: u32, ntp: u64, now: Instant) {
        self.reports.note_reference(ssrc, ntp, now);
    }

    /// When the next report is due.
    pub(crate) fn report_at(&self) -> Instant {
        self.report_at
    }

    /// Sends the reports of all streams in one packet (RFC 3550, section 6.1), when they are due.
    pub(crate) fn report(&mut self, path: Path, now: Instant, out: &mut Outbox) {
        if now < self.report_at {
            return;
        }
        self.report_at = now + REPORT_INTERVAL;
        let ntp = self.reports.ntp_at(now);
        let buffer = out.reserve();
        let mut len = 0;
        for (outlet, ssrc) in [(&self.audio, self.ssrcs.audio), (&self.video, self.ssrcs.video)] {
            let Some(rtp_ts) = outlet.account.timestamp_at(now) else { continue };
            let info = rtcp::SenderInfo {
                ssrc,
                ntp,
                rtp_ts,
                packets: outlet.account.packets,
                octets: outlet.account.octets,
            };
            let Some(n) = rtcp::write::sender_report(&mut buffer[len..], &info) else { return };
            len += n;
        }
        if len == 0 {
            return;
        }
        let Some(n) = rtcp::write::cname(&mut buffer[len..], self.ssrcs.video, &self.cname) else {
            return;
        };
        len += n;
        if let Some((viewer, time, delay)) = self.reports.take_reference(now) {
            let ssrc = self.ssrcs.video;
            let buffer = &mut buffer[len..];
            let n = rtcp::write::delay_since_last_rr(buffer, ssrc, viewer, time, delay);
            len += n.unwrap_or(0);
        }
        if let Ok(len) = self.keys.protect_rtcp(buffer, len) {
            out.commit(len, path.local, path.remote);
            self.reports.note(now);
        }
    }

    /// Says that nothing more comes (RFC 3550, section 6.6).
    pub(crate) fn goodbye(&mut self, path: Path, out: &mut Outbox) {
        let buffer = out.reserve();
        let Some(mut len) = rtcp::write::receiver_report(buffer, self.ssrcs.video, &[]) else {
            return;
        };
        let ssrcs = [self.ssrcs.audio, self.ssrcs.video, self.ssrcs.rtx];
        let Some(n) = rtcp::write::bye(&mut buffer[len..], &ssrcs) else { return };
        len += n;
        if let Ok(len) = self.keys.protect_rtcp(buffer, len) {
            out.commit(len, path.local, path.remote);
        }
    }
}

/// A packet before it is encrypted.
struct Composed {
    header_len: usize,
    plain_len: usize,
}

impl Outlet {
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "the packet path, inlined: no struct in between")]
    fn compose(
        &self,
        to: To,
        payload_type: u8,
        index: u64,
        ssrc: u32,
        packet: &Outgoing<'_>,
        transport_seq: Option<u16>,
        buffer: &mut [u8],
    ) -> Option<Composed> {
        let has_mid = self.n_sent < PACKETS_WITH_MID && !self.mid.is_empty();
        if let (Some(seq), Some(id @ 1..=14)) = (transport_seq, self.ids.transport_cc)
            && !has_mid
            && packet.elements.is_empty()
        {
            let header_len =
                self.plain_header(payload_type, index, ssrc, packet, id, seq, buffer)?;
            return self.put_payload(to, header_len, packet, buffer);
        }
        const NONE: Extension<'static> = Extension { id: 0, data: &[] };
        let seq_bytes = transport_seq.unwrap_or(0).to_be_bytes();
        let transport = Extension {
            id: transport_seq.and(self.ids.transport_cc).unwrap_or(0),
            data: &seq_bytes,
        };
        let mid = Extension {
            id: self.ids.mid.filter(|_| has_mid).unwrap_or(0),
            data: self.mid.as_bytes(),
        };
        let mut elements = [transport, mid, NONE, NONE, NONE, NONE, NONE];
        let mut n = 2;
        if !packet.elements.is_empty() {
            let it = packet.elements;
            let described: [(Option<u8>, Option<&[u8]>); 5] = [
                (self.ids.audio_level, it.audio_level.as_ref().map(std::slice::from_ref)),
                (
                    self.ids.video_orientation,
                    it.video_orientation.as_ref().map(std::slice::from_ref),
                ),
                (self.ids.content_type, it.content_type.as_ref().map(std::slice::from_ref)),
                (self.ids.playout_delay, it.playout_delay.as_ref().map(<[u8; 3]>::as_slice)),
                (self.ids.abs_capture_time, it.capture_time.as_ref().map(CaptureTime::as_bytes)),
            ];
            for (id, data) in described {
                if let (Some(id), Some(data)) = (id, data) {
                    elements[n] = Extension { id, data };
                    n += 1;
                }
            }
        }
        let header = HeaderWriter {
            marker: packet.marker,
            payload_type,
            seq: index as u16,
            ts: packet.ts,
            ssrc,
            padding: packet.padding > 0,
            extensions: &elements[..n],
        };
        let header_len = header.write(buffer)?;
        self.put_payload(to, header_len, packet, buffer)
    }

    /// The header of nearly every packet: a transport-wide number and nothing else (RFC 3550, section
    /// 5.1; RFC 8285, section 4.2).
    #[inline]
    #[allow(clippy::too_many_arguments, reason = "the packet path, inlined: no struct in between")]
    fn plain_header(
        &self,
        payload_type: u8,
        index: u64,
        ssrc: u32,
        packet: &Outgoing<'_>,
        id: u8,
        transport_seq: u16,
        buffer: &mut [u8],
    ) -> Option<usize> {
        let header: &mut [u8; PLAIN_HEADER_BYTES] = buffer.first_chunk_mut()?;
        let [s0, s1] = (index as u16).to_be_bytes();
        let [t0, t1, t2, t3] = packet.ts.to_be_bytes();
        let [c0, c1, c2, c3] = ssrc.to_be_bytes();
        let [w0, w1] = transport_seq.to_be_bytes();
        let flags = 0x90 | u8::from(packet.padding > 0) << 5;
        let kind = u8::from(packet.marker) << 7 | payload_type & 0x7F;
        *header = [
            flags,
            kind,
            s0,
            s1,
            t0,
            t1,
            t2,
            t3,
            c0,
            c1,
            c2,
            c3,
            0xBE,
            0xDE,
            0,
            1,
            id << 4 | 1,
            w0,
            w1,
            0,
        ];
        Some(PLAIN_HEADER_BYTES)
    }

    /// Payload and padding behind the header.
    #[inline]
    fn put_payload(
        &self,
        to: To,
        header_len: usize,
        packet: &Outgoing<'_>,
        buffer: &mut [u8],
    ) -> Option<Composed> {
        let mut at = header_len;
        if let To::Rtx(seq) = to {
            *buffer.get_mut(at..)?.first_chunk_mut()? = seq.to_be_bytes();
            at += 2;
        }
        let payload_len = packet.payload.len();
        let payload = buffer.get_mut(at..at + payload_len)?;
        payload.copy_from_slice(packet.payload);
        if let Some(patch) = &packet.vp8_patch {
            patch.apply(payload);
        }
        at += payload_len;
        if packet.padding > 0 {
            let padding = buffer.get_mut(at..at + usize::from(packet.padding))?;
            padding.fill(0);
            *padding.last_mut()? = packet.padding;
            at += padding.len();
        }
        (at + srtp::MAX_OVERHEAD <= MAX_DATAGRAM_BYTES)
            .then_some(Composed { header_len, plain_len: at })
    }
}
