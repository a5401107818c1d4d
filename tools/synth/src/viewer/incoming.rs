//! The media that one viewer receives: decrypts a packet, finds its stream by payload type, and hands it to the stream and
//! the screen.

use std::time::{Duration, Instant};

use rtp::header::Header;
use rtp::srtp::{Receiver, UnprotectError};

use super::Rules;
use super::frames::{Frames, Part};
use super::stream::IncomingStream;
use crate::description::{Carries, Remote};
use crate::media::Stamp;
use crate::stats::{Counters, Stats};

/// The most arrivals in one transport feedback: more would not fit a datagram.
const MAX_ARRIVALS: usize = 1_000;

/// The shortest stop of the picture that is a freeze; at low frame rates it is three frame intervals.
const FREEZE: Duration = Duration::from_millis(200);
/// How long a viewer looks at a picture that stands still; at few frames a second, three of them.
const PATIENCE: Duration = Duration::from_millis(500);

/// The media that a viewer receives.
#[derive(Debug)]
pub(crate) struct Incoming {
    formats: [Carries; 128],
    twcc: Option<u8>,
    pub(crate) asks: bool,
    pub(crate) audio: Option<IncomingStream>,
    pub(crate) video: Option<IncomingStream>,
    announced_video: Option<u32>,
    frames: Frames,
    /// The earliest beginning of a freeze: when the steady phase began.
    steady_from: Option<Instant>,
    received_at: Instant,
    /// When the viewer was connected, in microseconds of the run.
    connected_us: u64,
    rules: Rules,
    /// Transport-wide numbers and arrivals since the last feedback.
    pub(crate) arrivals: Vec<(u16, Instant)>,
}

impl Incoming {
    pub(crate) fn new(remote: &Remote, rules: Rules, now: Instant) -> Self {
        Self {
            formats: remote.formats,
            twcc: remote.twcc,
            asks: remote.rtx,
            audio: None,
            video: None,
            announced_video: remote.video_ssrc,
            frames: Frames::default(),
            steady_from: None,
            received_at: now,
            connected_us: 0,
            rules,
            arrivals: Vec::new(),
        }
    }

    /// The viewer is connected.
    pub(crate) fn begin(&mut self, now: Instant) {
        self.connected_us = self.rules.us_of_run(now);
    }

    /// The source of video, once known.
    pub(crate) fn video_ssrc(&self) -> Option<u32> {
        self.video.as_ref().map(|it| it.ssrc).or(self.announced_video)
    }

    /// Whether a keyframe was complete.
    pub(crate) fn has_picture(&self) -> bool {
        self.frames.first_keyframe_at().is_some()
    }

    /// When the picture last moved.
    pub(crate) fn shown_at(&self) -> Option<Instant> {
        self.frames.shown_at()
    }

    pub(crate) fn received_at(&self) -> Instant {
        self.received_at
    }

    pub(crate) fn begin_steady(&mut self, now: Instant) {
        self.steady_from = Some(now);
    }

    /// A picture that stands still for this long cannot be decoded.
    pub(crate) fn patience(&self) -> Duration {
        PATIENCE.max(3 * self.rules.frame_interval)
    }

    /// Counts a freeze that lasts until the end.
    pub(crate) fn end_steady(&self, now: Instant, counters: &mut Counters) {
        let since = self.shown_at().max(self.steady_from).unwrap_or(now);
        self.count_freeze(now.saturating_duration_since(since), counters);
    }

    /// Takes an encrypted packet.
    pub(crate) fn handle_rtp(
        &mut self,
        receiver: &mut Receiver,
        packet: &mut [u8],
        now: Instant,
        stats: &mut Stats,
    ) {
        stats.counters.packets += 1;
        stats.counters.bytes += packet.len() as u64;
        self.received_at = now;
        let len = match receiver.unprotect_rtp(packet) {
            Ok(it) => it.header_len + it.payload_len,
            Err(UnprotectError::Replayed) => return stats.counters.duplicates += 1,
            Err(_) => return stats.counters.unreadable += 1,
        };
        let packet = packet.get(..len).unwrap_or_default();
        let Some(header) = Header::parse(packet) else { return stats.counters.unreadable += 1 };
        if let Some(&[high, low]) = self.twcc.and_then(|id| header.extension(id))
            && self.arrivals.len() < MAX_ARRIVALS
        {
            self.arrivals.push((u16::from_be_bytes([high, low]), now));
        }
        let Some(payload) = header.payload_without_padding(packet) else {
            return stats.counters.unreadable += 1;
        };
        match self.formats.get(usize::from(header.payload_type)) {
            Some(Carries::Audio) => {
                let counters = &mut stats.counters;
                let seq = take(&mut self.audio, 48_000, &header, now, counters);
                if let Some(stamp) = seq.and_then(|_| Stamp::find(payload)) {
                    self.measure(stamp, now, stats);
                }
            }
            Some(Carries::Video) => {
                if self.video.as_ref().is_some_and(|it| it.ssrc != header.ssrc) {
                    self.frames.begin_stream();
                }
                let counters = &mut stats.counters;
                let seq = take(&mut self.video, 90_000, &header, now, counters);
                if let Some(seq) = seq {
                    let stamp = Stamp::find(payload);
                    if let Some(stamp) = stamp {
                        self.measure(stamp, now, stats);
                    } else if payload.is_empty() {
                        stats.counters.probes += 1;
                    }
                    self.show(
                        Part { seq, is_last: header.marker, stamp },
                        now,
                        &mut stats.counters,
                    );
                }
            }
            Some(Carries::Rtx) => self.handle_rtx(&header, payload, now, &mut stats.counters),
            Some(Carries::Nothing) | None => stats.counters.unreadable += 1,
        }
    }

    /// Takes a retransmission: the original sequence number precedes the payload (RFC 4588, section 4).
    fn handle_rtx(
        &mut self,
        header: &Header<'_>,
        payload: &[u8],
        now: Instant,
        counters: &mut Counters,
    ) {
        let Some((seq, payload)) = payload.split_first_chunk::<2>() else {
            return counters.probes += 1;
        };
        counters.rtx += 1;
        let Some(stream) = &mut self.video else { return };
        if let Some(seq) = stream.take(u16::from_be_bytes(*seq), true, now, counters) {
            let stamp = Stamp::find(payload);
            self.show(Part { seq, is_last: header.marker, stamp }, now, counters);
        } else {
            counters.probes += 1;
        }
    }

    fn show(&mut self, part: Part, now: Instant, counters: &mut Counters) {
        let before = self.shown_at();
        if self.frames.take(part, now).is_some() {
            let since = before.max(self.steady_from).unwrap_or(now);
            self.count_freeze(now.saturating_duration_since(since), counters);
        }
    }

    fn count_freeze(&self, stood: Duration, counters: &mut Counters) {
        if stood > FREEZE.max(3 * self.rules.frame_interval) {
            counters.freezes += 1;
            counters.freeze_us += stood.as_micros() as u64;
        }
    }

    fn measure(&self, stamp: Stamp, now: Instant, stats: &mut Stats) {
        if stamp.run != self.rules.run {
            return;
        }
        stats.counters.replayed += u64::from(stamp.sent_us < self.connected_us);
        if stats.is_steady {
            stats.delay.record_us(self.rules.us_of_run(now).saturating_sub(stamp.sent_us));
        }
    }
}

/// Passes a packet to its stream, which is a new one when the source is.
fn take(
    slot: &mut Option<IncomingStream>,
    clock_rate: u32,
    header: &Header<'_>,
    now: Instant,
    counters: &mut Counters,
) -> Option<u64> {
    let stream = match slot {
        Some(it) if it.ssrc == header.ssrc => it,
        _ => slot.insert(IncomingStream::new(header.ssrc, clock_rate, header.seq, now)),
    };
    stream.measure_jitter(header.ts, now);
    stream.take(header.seq, false, now, counters)
}
