//! Makes an encrypted datagram in the outbox of a packet in the ring: numbers, encrypts and records it. A
//! server with thousands of viewers spends most of its time here.

use std::time::{Duration, Instant};

use rtp::{rtcp, srtp};

use super::capture_report::{CaptureReporter, CaptureTime};
use super::guests::GuestStreams;
use super::probe::Probing;
use super::send_history::{History, Picture};
use super::sender_reports::{Account, Reports};
use super::stream::{Composed, RtpStream, To};
use crate::core::outbox::Outbox;
use crate::egress::outgoing::Outgoing;
use crate::media::header_ext::HeaderExtensions;
use crate::media::packet::NO_PAYLOAD;
use crate::transport::ice::Path;
use crate::transport::sdp::{Remote, Ssrcs};
use bwe::Probe;
use media_api::{Egress, MediaKind, Seat};

/// The smallest burst of retransmissions, in bytes: 20 packets, as for any packets.
///
/// Retransmissions may use as many bytes as the forwarded packets, and a burst. A viewer with 15 % loss
/// needs a fifth of that. One with 30 %, for whom each packet is retransmitted twice, needs nearly all.
/// Without a limit, a viewer that requests everything again and again would be sent it.
const REPEAT_BURST: i64 = 24_000;

/// A faster link gets a burst of this many milliseconds at its bitrate. A larger burst would fill the link
/// after an outage, when a viewer requests all packets that it missed.
const REPEAT_BURST_MS: u64 = 150;

/// The largest burst, in bytes: that of the fastest link.
const MAX_REPEAT_BURST: i64 = 600_000;

/// The interval between two sender reports. Browsers synchronize audio and video by them.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// The most padding in one packet, in bytes: its last byte gives its length (RFC 3550, section 5.1).
const MAX_PADDING: usize = 255;

/// The size of the IPv4 and UDP headers.
const NETWORK_HEADER_BYTES: usize = 28;

/// The outgoing streams of one viewer, and their keys.
#[derive(Debug)]
pub(crate) struct Sender {
    keys: srtp::Sender,
    ssrcs: Ssrcs,
    audio: RtpStream,
    video: RtpStream,
    rtx: RtpStream,
    /// The next index of the retransmission stream.
    rtx_index: u64,
    /// The streams of guests, which stay until the viewer is gone: a number is never used twice.
    guests: GuestStreams,
    /// The bytes that may be retransmitted now.
    repeat_budget: i64,
    probing: Option<Probing>,
    history: History,
    reports: Reports,
    report_at: Instant,
    capture: CaptureReporter,
    /// A capture time that is to be reported.
    captured: Option<CaptureTime>,
    cname: String,
}

impl Sender {
    /// Creates the streams with fresh keys; `None` if the three SSRCs are not different.
    pub(crate) fn new(
        mut keys: srtp::Sender,
        ssrcs: Ssrcs,
        remote: &Remote,
        reports: Reports,
        cname: String,
        now: Instant,
    ) -> Option<Self> {
        let mut stream = |ssrc| Some(RtpStream::new(keys.stream(ssrc)?));
        let (audio, video, rtx) = (stream(ssrcs.audio)?, stream(ssrcs.video)?, stream(ssrcs.rtx)?);
        let mut sender = Self {
            keys,
            ssrcs,
            audio,
            video,
            rtx,
            rtx_index: 1,
            guests: GuestStreams::default(),
            repeat_budget: REPEAT_BURST,
            probing: None,
            history: History::default(),
            reports,
            report_at: now + REPORT_INTERVAL / 4,
            capture: CaptureReporter::default(),
            captured: None,
            cname,
        };
        sender.negotiated(remote);
        Some(sender)
    }

    /// Takes over the negotiated header extensions, and makes the streams of new guests.
    pub(crate) fn negotiated(&mut self, remote: &Remote) {
        for (stream, kind) in [
            (&mut self.audio, MediaKind::Audio),
            (&mut self.video, MediaKind::Video),
            (&mut self.rtx, MediaKind::Video),
        ] {
            if let Some(media) = remote.media(kind) {
                stream.negotiated(media);
            }
        }
        self.guests.negotiated(remote, self.ssrcs, &mut self.keys);
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
            MediaKind::Audio => To::Audio,
            MediaKind::Video => To::Video,
        };
        let len = self.write(to, packet.payload_type, packet.seq, packet, path, now_us, out);
        self.repeat_budget = (self.repeat_budget + len as i64).min(MAX_REPEAT_BURST);
    }

    /// See [`crate::viewer::Viewer::warm`].
    pub(crate) fn warm(&self) -> u64 {
        let is_probing = u64::from(self.probing.is_some());
        is_probing
            .wrapping_add(self.video.warm())
            .wrapping_add(self.repeat_budget as u64)
            .wrapping_add(self.ssrcs.video.into())
    }

    /// See [`crate::viewer::Viewer::warm_logs`].
    pub(crate) fn warm_logs(&self) -> u64 {
        self.history.warm().into()
    }

    /// Begins a probe of the link.
    pub(crate) fn probe(&mut self, probe: Probe, now_us: u64) {
        self.probing = Some(Probing::new(probe, now_us));
    }

    /// The bytes that the running probe still has to send now.
    pub(crate) fn probe_lacks(&mut self, now_us: u64) -> usize {
        let Some(probing) = self.probing else { return 0 };
        let has_feedback = self.rtx.has_transport_cc;
        self.probing = Some(probing).filter(|it| has_feedback && !it.is_over(now_us));
        self.probing.as_ref().map_or(0, |it| it.lacks(now_us))
    }

    /// When the running probe has to send more, in microseconds.
    pub(crate) fn probe_at(&self, now_us: u64) -> Option<u64> {
        self.probing.as_ref().map(|it| it.next_us(now_us))
    }

    /// Fills a probe with a retransmission of `packet`, or with padding only if there is none.
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
            seat: Seat::HOST,
            kind: MediaKind::Video,
            payload_type,
            seq: index,
            ts: self.rtx.account.timestamp_at(now).unwrap_or(0),
            padding: MAX_PADDING as u8,
            marker: false,
            header_ext: &HeaderExtensions::default(),
            dependency: None,
            payload: &NO_PAYLOAD,
            vp8_patch: None,
            captured: now,
        };
        self.write(To::Padding, payload_type, index, &nothing, path, now_us, out);
    }

    /// Retransmits a packet of the ring, unless it exceeds the budget for retransmissions.
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
        let next_index = match self.guests.get_mut(packet.seat) {
            Some(guest) => &mut guest.rtx_index,
            None => &mut self.rtx_index,
        };
        let index = *next_index;
        *next_index += 1;
        let to = To::Rtx(packet.seq as u16);
        let len = self.write(to, payload_type, index, packet, path, now_us, out);
        self.repeat_budget -= len as i64;
    }

    /// Writes and encrypts one packet in place. Returns its length; 0 if it was not sent, since it is too
    /// long, or since its index was used before, which only a bug of ours can cause.
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
        let is_host = packet.seat.is_host();
        let (stream, ssrc) = match to {
            _ if !is_host => {
                let Some(guest) = self.guests.get_mut(packet.seat) else { return 0 };
                guest.stream_mut(to)
            }
            To::Audio => (&mut self.audio, self.ssrcs.audio),
            To::Video => (&mut self.video, self.ssrcs.video),
            To::Rtx(_) | To::Padding => (&mut self.rtx, self.ssrcs.rtx),
        };
        let transport_seq = stream.has_transport_cc.then(|| self.history.next_seq());
        let buffer = out.reserve();
        let plain =
            stream.compose(to, payload_type, index, ssrc, packet, transport_seq, now_us, buffer);
        let Some(plain) = plain else { return 0 };
        let Composed { header_len, plain_len } = plain;
        let protected = self.keys.protect(&mut stream.srtp, index, buffer, header_len, plain_len);
        let Ok(len) = protected else { return 0 };
        out.commit(len, path.local, path.remote);
        if transport_seq.is_some() {
            let len = len + NETWORK_HEADER_BYTES;
            let probe = self.probing.as_mut().map(|it| {
                it.note(len);
                it.id()
            });
            let picture = match to {
                // A guest's picture is repeated when the viewer asks for it.
                _ if !is_host => None,
                To::Video => Some(Picture { number: index as u16, is_again: false }),
                To::Rtx(number) => Some(Picture { number, is_again: true }),
                To::Audio | To::Padding => None,
            };
            self.history.note(now_us, len, picture, probe);
        }
        stream.n_sent += 1;
        let clock_rate = packet.kind.clock_rate();
        stream.account.note(packet.captured, packet.ts, clock_rate, packet.payload.len());
        len
    }

    /// The keys, for RTCP.
    pub(crate) fn keys(&mut self) -> &mut srtp::Sender {
        &mut self.keys
    }

    /// The sent packets by transport-wide sequence number.
    pub(crate) fn history(&mut self) -> &mut History {
        &mut self.history
    }

    /// What was sent so far: packets, bytes, and packets on the retransmission streams.
    pub(crate) fn count(&self, into: &mut Egress) {
        let of_host = [&self.audio, &self.video, &self.rtx];
        for stream in of_host.into_iter().chain(self.guests.streams()) {
            into.packets += stream.n_sent;
            into.bytes += stream.account.octets;
        }
        into.repeats += self.rtx.n_sent + self.guests.n_repeats();
    }

    /// The round trip that follows from a report block.
    pub(crate) fn round_trip(&self, block: &rtcp::ReportBlock, now: Instant) -> Option<Duration> {
        self.reports.round_trip(block.last_sr, block.delay_since_last_sr, now)
    }

    /// Records the viewer's reference time (RFC 3611, section 4.4).
    pub(crate) fn note_reference(&mut self, ssrc: u32, ntp: u64, now: Instant) {
        self.reports.note_reference(ssrc, ntp, now);
    }

    /// Limits the burst of retransmissions to that of a link of `bps` bit/s.
    pub(crate) fn bound_repeats(&mut self, bps: u64) {
        let burst = ((bps / 8_000 * REPEAT_BURST_MS) as i64).max(REPEAT_BURST);
        self.repeat_budget = self.repeat_budget.min(burst);
    }

    /// When the next report is due.
    pub(crate) fn report_at(&self) -> Instant {
        self.report_at
    }

    /// Sends the sender reports in one packet (RFC 3550, section 6.1), if they are due.
    pub(crate) fn report(&mut self, path: Path, now: Instant, out: &mut Outbox) {
        if now < self.report_at {
            return;
        }
        self.report_at = now + REPORT_INTERVAL;
        self.note_capture_time(now);
        let ntp = self.reports.ntp_at(now);
        let buffer = out.reserve();
        let mut len = 0;
        let of_host = [(&self.audio, self.ssrcs.audio), (&self.video, self.ssrcs.video)];
        for (stream, ssrc) in of_host.into_iter().chain(self.guests.media()) {
            let Some(rtp_ts) = stream.account.timestamp_at(now) else { continue };
            let info = rtcp::SenderInfo {
                ssrc,
                ntp,
                rtp_ts,
                packets: stream.account.packets,
                // RFC 3550, section 6.4.1: it wraps.
                octets: stream.account.octets as u32,
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

    /// Of the picture, or of the sound where no picture was sent yet.
    fn note_capture_time(&mut self, now: Instant) {
        let accounts = [&self.video.account, &self.audio.account];
        if let Some(time) = accounts.into_iter().find_map(Account::capture_time) {
            self.captured = self.capture.poll(time, now).or(self.captured);
        }
    }

    /// Removes and returns the capture time that is to be reported.
    pub(crate) fn take_capture_time(&mut self) -> Option<CaptureTime> {
        self.captured.take()
    }

    /// Sends a BYE for all streams (RFC 3550, section 6.6).
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
