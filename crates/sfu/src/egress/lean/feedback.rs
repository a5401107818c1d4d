//! What a viewer says of what it gets: RTCP, after it was authenticated.

use std::time::{Duration, Instant};

use rtp::rtcp::{self, Packet};

use super::sender::{Sender, Ssrcs};
use crate::bwe::Estimator;

/// Numbers that a viewer asks to have repeated, between two times that it is served. A NACK names
/// up to 17 an entry; more than this is asked again in a round trip.
const MAX_REQUESTS: usize = 128;

/// What a viewer asked for and told.
#[derive(Debug, Default)]
pub(crate) struct Feedback {
    /// Sequence numbers to repeat, oldest first.
    requests: std::collections::VecDeque<u16>,
    /// It cannot decode what it has.
    pub(crate) wants_keyframe: bool,
    /// The last round trip, smoothed (RFC 6298).
    pub(crate) round_trip: Option<Duration>,
}

impl Feedback {
    /// Takes a compound packet.
    pub(crate) fn handle(
        &mut self,
        compound: &[u8],
        ssrcs: Ssrcs,
        sender: &mut Sender,
        now: Instant,
        now_us: u64,
        estimator: &mut Estimator,
    ) {
        for packet in rtcp::packets(compound) {
            match packet {
                Packet::Nack(nack) if nack.media_ssrc == ssrcs.video => {
                    let room = MAX_REQUESTS.saturating_sub(self.requests.len());
                    self.requests.extend(nack.seqs().take(room));
                }
                Packet::Pli(pli) if pli.media_ssrc == ssrcs.video => self.wants_keyframe = true,
                Packet::Fir(fir) if fir.entries.clone().any(|it| it.ssrc == ssrcs.video) => {
                    self.wants_keyframe = true;
                }
                Packet::TransportFeedback(feedback) => {
                    let results = sender.history().fates(&feedback, now_us);
                    estimator.on_feedback(now_us, results);
                }
                Packet::Remb(it) => estimator.on_remb(now_us, it.bitrate),
                Packet::SenderReport(it) => {
                    self.blocks(it.reports, ssrcs, sender, now, now_us, estimator);
                }
                Packet::ReceiverReport(it) => {
                    self.blocks(it.reports, ssrcs, sender, now, now_us, estimator);
                }
                Packet::ExtendedReport(it) => {
                    if let Some(ntp) = it.reference_time {
                        sender.note_reference(it.ssrc, ntp, now);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether the viewer waits for something.
    pub(crate) fn is_pressing(&self) -> bool {
        self.wants_keyframe || !self.requests.is_empty()
    }

    /// The next number to repeat.
    pub(crate) fn next_request(&mut self) -> Option<u16> {
        self.requests.pop_front()
    }

    fn blocks(
        &mut self,
        blocks: impl Iterator<Item = rtcp::ReportBlock>,
        ssrcs: Ssrcs,
        sender: &Sender,
        now: Instant,
        now_us: u64,
        estimator: &mut Estimator,
    ) {
        for block in blocks.filter(|it| it.ssrc == ssrcs.video || it.ssrc == ssrcs.audio) {
            if block.ssrc == ssrcs.video {
                estimator.on_receiver_report(now_us, block.fraction_lost);
            }
            let Some(trip) = sender.round_trip(&block, now) else { continue };
            let trip = self.round_trip.map_or(trip, |it| (it * 7 + trip) / 8);
            estimator.on_rtt(trip.as_micros() as u64);
            self.round_trip = Some(trip);
        }
    }
}
