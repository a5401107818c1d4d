//! RTCP that a viewer sends, as a browser does: receiver reports, transport-wide feedback, NACK and PLI.

use std::time::{Duration, Instant};

use rtp::rtcp::{FeedbackInfo, Packet, packets, write};

use super::incoming::Incoming;
use crate::stats::Counters;

const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// Interval of transport-wide feedback. Browsers have 50 to 250 ms, by bitrate.
const ARRIVALS_INTERVAL: Duration = Duration::from_millis(100);
/// The shortest interval of keyframe requests.
const PLI_INTERVAL: Duration = Duration::from_secs(1);
/// The unit of arrival times (draft-holmer-rmcat-transport-wide-cc-extensions-01).
const TICK_US: u128 = 250;
/// The most sequence numbers that one feedback spans.
const MAX_SPAN: u64 = 2_000;
/// The most bytes of RTCP that fit a datagram with the SRTP tag.
const MAX_BYTES: usize = 1_200;

/// When to tell what.
#[derive(Debug)]
pub(crate) struct Feedback {
    ssrc: u32,
    began_at: Instant,
    report_at: Instant,
    arrivals_at: Instant,
    pli_at: Instant,
    n_arrivals: u8,
    wanted: Vec<u16>,
    buffer: Vec<u8>,
}

impl Feedback {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            ssrc: fastrand::u32(1..),
            began_at: now,
            report_at: now,
            arrivals_at: now,
            pli_at: now,
            n_arrivals: 0,
            wanted: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// The viewer is connected.
    pub(crate) fn begin(&mut self, incoming: &Incoming, now: Instant) {
        self.report_at = now + REPORT_INTERVAL;
        self.pli_at = now + incoming.patience();
    }

    /// When [`Self::handle_timeout`] has something to do.
    pub(crate) fn next_at(&self, incoming: &Incoming) -> Instant {
        let streams = [&incoming.audio, &incoming.video].into_iter().flatten();
        let arrivals = Some(self.arrivals_at).filter(|_| !incoming.arrivals.is_empty());
        let missing = streams.filter_map(|it| it.next_at());
        missing.chain(arrivals).fold(self.report_at.min(self.picture_at(incoming)), Instant::min)
    }

    /// When to request a keyframe for a picture that does not move.
    fn picture_at(&self, incoming: &Incoming) -> Instant {
        incoming.shown_at().map_or(self.pli_at, |at| self.pli_at.max(at + incoming.patience()))
    }

    /// Sends the reports that are due, each in the same buffer.
    pub(crate) fn handle_timeout(
        &mut self,
        incoming: &mut Incoming,
        rtt: Duration,
        now: Instant,
        counters: &mut Counters,
        mut send: impl FnMut(&mut Vec<u8>),
    ) {
        if now >= self.report_at {
            self.report_at = now + REPORT_INTERVAL;
            let streams = [&mut incoming.audio, &mut incoming.video].into_iter().flatten();
            let blocks: Vec<_> = streams.map(|it| it.report(now)).collect();
            let ssrc = self.ssrc;
            self.write(&mut send, |out| write::receiver_report(out, ssrc, &blocks));
        }
        let mut given_up = false;
        if let Some(audio) = &mut incoming.audio {
            audio.look_after(now, rtt, false, &mut self.wanted, counters);
        }
        if let Some(video) = &mut incoming.video {
            given_up = video.look_after(now, rtt, incoming.asks, &mut self.wanted, counters);
            if !self.wanted.is_empty() {
                let (ours, theirs, wanted) =
                    (self.ssrc, video.ssrc, std::mem::take(&mut self.wanted));
                counters.nacks += wanted.len() as u64;
                // As many as fit into one packet even when no two are near each other.
                for part in wanted.chunks(250) {
                    self.write(&mut send, |out| {
                        write::nack(out, ours, theirs, part.iter().copied())
                    });
                }
                self.wanted = wanted;
                self.wanted.clear();
            }
        }
        if now >= self.picture_at(incoming) || given_up && now >= self.pli_at {
            self.pli_at = now + PLI_INTERVAL;
            if let Some(theirs) = incoming.video_ssrc() {
                counters.plis += 1;
                let ours = self.ssrc;
                self.write(&mut send, |out| write::pli(out, ours, theirs));
            }
        }
        if now >= self.arrivals_at && !incoming.arrivals.is_empty() {
            self.arrivals_at = now + ARRIVALS_INTERVAL;
            self.tell_arrivals(incoming, &mut send);
        }
    }

    fn tell_arrivals(&mut self, incoming: &mut Incoming, send: &mut impl FnMut(&mut Vec<u8>)) {
        let media_ssrc = incoming.video_ssrc().unwrap_or(0);
        let tick = |at: Instant| {
            (at.saturating_duration_since(self.began_at).as_micros() / TICK_US) as i64
        };
        let Some(&(near, first_at)) = incoming.arrivals.first() else { return };
        let near = u64::from(near) + (1 << 16);
        let arrivals = incoming.arrivals.drain(..);
        let extended = arrivals.map(|(seq, at)| (rtp::seq::extend(seq, near), tick(at)));
        let mut arrivals: Vec<(u64, i64)> = extended.collect();
        arrivals.sort_unstable_by_key(|it| it.0);
        arrivals.dedup_by_key(|it| it.0);
        let Some(&(base, first)) = arrivals.first() else { return };
        arrivals.retain(|it| it.0 - base < MAX_SPAN);
        let reference = (first.min(tick(first_at)) / 256).max(0);
        let mut deltas: Vec<Option<i32>> = Vec::with_capacity(arrivals.len());
        let mut last = reference * 256;
        for (seq, at) in arrivals {
            deltas.resize((seq - base) as usize, None);
            deltas.push(Some((at - last) as i32));
            last = at;
        }
        let info = FeedbackInfo {
            sender_ssrc: self.ssrc,
            media_ssrc,
            base_seq: base as u16,
            reference_time: reference as u32,
            feedback_count: self.n_arrivals,
        };
        self.n_arrivals = self.n_arrivals.wrapping_add(1);
        self.write(send, |out| write::transport_feedback(out, &info, deltas.iter().copied()));
    }

    fn write(
        &mut self,
        send: &mut impl FnMut(&mut Vec<u8>),
        write: impl FnOnce(&mut [u8]) -> Option<usize>,
    ) {
        self.buffer.clear();
        self.buffer.resize(MAX_BYTES, 0);
        if let Some(n) = write(&mut self.buffer) {
            self.buffer.truncate(n);
            send(&mut self.buffer);
        }
    }
}

/// Takes the server's sender reports.
pub(crate) fn handle_rtcp(compound: &[u8], incoming: &mut Incoming, now: Instant) {
    for packet in packets(compound) {
        let Packet::SenderReport(report) = packet else { continue };
        for stream in [&mut incoming.audio, &mut incoming.video].into_iter().flatten() {
            if stream.ssrc == report.info.ssrc {
                stream.handle_sender_report(report.info.ntp, now);
            }
        }
    }
}
