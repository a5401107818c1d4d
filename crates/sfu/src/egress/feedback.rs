//! What a viewer says of what it gets: RTCP, after it was authenticated.

use std::time::{Duration, Instant};

use rtp::rtcp::{self, Packet};

use super::send_history::{PacketOutcome, Repeat};
use super::sender::Sender;
use crate::transport::sdp::Ssrcs;
use bwe::{Estimator, PacketResult};

/// Numbers that a viewer asks to have repeated, or is told to miss, between two times that it is served. A NACK names
/// up to 17 an entry; more than this is asked again in a round trip.
const MAX_REQUESTS: usize = 128;

/// Packets that a transport-wide feedback tells to be missing and that are sent again for that: a third
/// of what 2.5 Mbit/s have in the quarter of a second that is its longest interval.
const MAX_MISSED: usize = 24;

/// Bounds of [`Feedback::late`] once something was sent again in vain.
const LEAST_LATE: Duration = Duration::from_millis(25);
const MOST_LATE: Duration = Duration::from_millis(200);

/// What a feedback says that a viewer misses. Its own requests (NACK) come sooner, but get lost like
/// anything else, and it waits a round trip before it asks again.
#[derive(Debug, Default)]
struct Missed {
    numbers: [u16; MAX_MISSED],
    n: usize,
    /// The last transport-wide number that it tells of.
    told: u16,
    n_lost: usize,
    n_came: usize,
    /// Whether a packet of the picture came.
    has_picture: bool,
    /// Of what was sent again: how much came, came in vain, and got lost.
    n_repeats: u32,
    n_in_vain: u32,
    n_lost_again: u32,
}

impl Missed {
    /// Takes what became of one packet, and hands on what the estimate needs.
    fn note(&mut self, outcome: PacketOutcome) -> PacketResult {
        match outcome.result.received_us {
            Some(_) => self.n_came += 1,
            None => self.n_lost += 1,
        }
        self.told = outcome.seq;
        self.has_picture |= outcome.has_picture;
        match outcome.repeat {
            Some(Repeat::Came) => self.n_repeats += 1,
            Some(Repeat::InVain) => self.n_in_vain += 1,
            Some(Repeat::Lost) => self.n_lost_again += 1,
            None => {}
        }
        if let Some(number) = outcome.lost.filter(|it| !self.numbers[..self.n].contains(it))
            && let Some(slot) = self.numbers.get_mut(self.n)
        {
            *slot = number;
            self.n += 1;
        }
        outcome.result
    }

    /// Sequence numbers to retransmit without a NACK. Empty after an outage: the viewer needs a keyframe anyway.
    fn numbers(&self) -> impl Iterator<Item = u16> {
        let n = if self.n_lost > self.n_came { 0 } else { self.n };
        self.numbers.into_iter().take(n)
    }
}

/// What a viewer asked for and told.
#[derive(Debug, Default)]
pub(crate) struct Feedback {
    /// Sequence numbers to repeat, oldest first.
    requests: std::collections::VecDeque<u16>,
    /// It cannot decode what it has.
    pub(crate) wants_keyframe: bool,
    /// A report of it tells of the picture: it has read packets of that stream.
    pub(crate) is_picture_read: bool,
    /// The last round trip, smoothed (RFC 6298).
    pub(crate) round_trip: Option<Duration>,
    /// How much longer than a round trip it takes until the viewer has read what was sent again. One that is out of
    /// CPU asks again for what waits to be read.
    pub(crate) late: Duration,
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
                    self.is_picture_read = true;
                    self.request(nack.seqs());
                }
                Packet::Pli(pli) if pli.media_ssrc == ssrcs.video => self.wants_keyframe = true,
                Packet::Fir(fir) if fir.entries.clone().any(|it| it.ssrc == ssrcs.video) => {
                    self.wants_keyframe = true;
                }
                Packet::TransportFeedback(feedback) => {
                    let mut missed = Missed::default();
                    let fates = sender.history().fates(&feedback, now_us);
                    estimator.on_feedback(now_us, fates.map(|it| missed.note(it)));
                    self.is_picture_read |= missed.has_picture;
                    self.repeated(&missed);
                    let is_read = self.is_picture_read;
                    let history = sender.history();
                    let is_missed = |it: &u16| is_read && history.misses(*it, missed.told);
                    self.request(missed.numbers().filter(is_missed));
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

    /// Learns from what became of repetitions how late the viewer is to read them.
    fn repeated(&mut self, missed: &Missed) {
        if missed.n_lost_again > 0 {
            // It is not what it has yet to read that the viewer asks for.
            self.late = Duration::ZERO;
        } else if missed.n_in_vain > 0 {
            self.late = (self.late * 2).clamp(LEAST_LATE, MOST_LATE);
        } else if missed.n_repeats > 0 {
            self.late = self.late * 15 / 16;
        }
    }

    fn request(&mut self, numbers: impl Iterator<Item = u16>) {
        let room = MAX_REQUESTS.saturating_sub(self.requests.len());
        self.requests.extend(numbers.take(room));
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
                self.is_picture_read = true;
                estimator.on_receiver_report(now_us, block.fraction_lost);
            }
            let Some(trip) = sender.round_trip(&block, now) else { continue };
            let trip = self.round_trip.map_or(trip, |it| (it * 7 + trip) / 8);
            estimator.on_rtt(trip.as_micros() as u64);
            self.round_trip = Some(trip);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(n_lost: u16, n_came: u16) -> impl Iterator<Item = PacketOutcome> {
        (0..n_lost + n_came).map(move |n| {
            let is_lost = n < n_lost;
            let received_us = (!is_lost).then_some(0);
            let result = PacketResult { sent_us: 0, received_us, bytes: 1_200, probe: None };
            let lost = Some(n).filter(|_| is_lost);
            PacketOutcome { result, seq: n, lost, has_picture: !is_lost, repeat: None }
        })
    }

    fn missed(n_lost: u16, n_came: u16) -> Vec<u16> {
        let mut missed = Missed::default();
        for outcome in fates(n_lost, n_came) {
            missed.note(outcome);
        }
        missed.numbers().collect()
    }

    #[test]
    fn what_feedback_misses_is_repeated_within_bounds_and_not_after_an_interruption() {
        assert_eq!(missed(3, 9), [0, 1, 2]);
        assert_eq!(missed(100, 200).len(), MAX_MISSED);
        assert_eq!(missed(20, 3), [0; 0], "the link was away");
    }
}
