//! The RTCP feedback of a viewer, after authentication.

use std::time::{Duration, Instant};

use rtp::rtcp::{self, Packet};

use super::send_history::{PacketOutcome, Repeat};
use super::sender::Sender;
use crate::transport::sdp::Ssrcs;
use bwe::{Estimator, PacketResult};
use media_api::{Egress, MAX_GUESTS, Seat};

/// The most retransmissions that wait until the viewer is served. One entry of a NACK requests up to 17.
/// Beyond this number, the viewer requests them again after a round trip.
const MAX_REQUESTS: usize = 128;

/// The most packets that are retransmitted since one transport-wide feedback reports them lost: a third of
/// the packets that 2.5 Mbit/s have in a quarter of a second, the longest interval between feedbacks.
const MAX_MISSED: usize = 24;

/// The bits of all guests in [`Feedback::guests_without_picture`].
const ALL_GUESTS: u16 = ((1 << (MAX_GUESTS + 1)) - 1) << 1;

/// The minimum of [`Feedback::late`] once a packet was retransmitted in vain.
const LEAST_LATE: Duration = Duration::from_millis(25);

/// The maximum of [`Feedback::late`].
const MOST_LATE: Duration = Duration::from_millis(200);

/// The losses that one transport-wide feedback reports. The viewer's own requests (NACK) come sooner, but
/// can be lost themselves, and the viewer waits a round trip before it repeats one.
#[derive(Debug, Default)]
struct Missed {
    numbers: [u16; MAX_MISSED],
    n: usize,
    /// The last transport-wide sequence number that it reports.
    told: u16,
    n_lost: usize,
    n_came: usize,
    /// Whether a video packet came.
    has_picture: bool,
    /// The number of retransmissions that came, with no other copy before them.
    n_repeats: u32,
    /// The number of retransmissions that came although another copy did.
    n_in_vain: u32,
    /// The number of retransmissions that were lost.
    n_lost_again: u32,
}

impl Missed {
    /// Counts the outcome of one packet; returns the part that the estimator needs.
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

/// The state that follows from a viewer's feedback.
#[derive(Debug, Default)]
pub(crate) struct Feedback {
    /// Sequence numbers to retransmit, oldest first.
    requests: std::collections::VecDeque<u16>,
    /// The same of the pictures of guests; made when one is requested.
    requests_of_guests: std::collections::VecDeque<(Seat, u16)>,
    /// Whether the viewer requested a keyframe of each guest, or needs one: one bit each, by the number of the seat.
    guests_without_picture: u16,
    /// Whether the viewer sends transport-wide feedback, which comes at least four times a second while it is sent media.
    pub(crate) is_frequent: bool,
    /// Whether the viewer requested a keyframe, or needs one.
    pub(crate) wants_keyframe: bool,
    /// Whether feedback has reported on the video, so that the viewer is known to read it.
    pub(crate) is_picture_read: bool,
    /// The smoothed round trip (RFC 6298).
    pub(crate) round_trip: Option<Duration>,
    /// How much longer than a round trip the viewer takes to read a retransmission. A viewer that is
    /// short of CPU requests packets again that it has received but not read.
    pub(crate) late: Duration,
    /// What it asked for and reported so far.
    pub(crate) counted: Egress,
}

impl Feedback {
    /// Handles a compound packet.
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
                Packet::Nack(nack) => {
                    self.counted.nacks += nack.seqs().count() as u64;
                    match ssrcs.seat_of_video(nack.media_ssrc) {
                        Some(Seat::HOST) => {
                            self.is_picture_read = true;
                            self.request(nack.seqs());
                        }
                        Some(guest) => {
                            let space = MAX_REQUESTS.saturating_sub(self.requests_of_guests.len());
                            let requests = nack.seqs().map(|it| (guest, it));
                            self.requests_of_guests.extend(requests.take(space));
                        }
                        None => {}
                    }
                }
                Packet::Pli(pli) => {
                    self.counted.keyframe_requests += 1;
                    self.want_keyframe(ssrcs.seat_of_video(pli.media_ssrc));
                }
                Packet::Fir(fir) => {
                    self.counted.keyframe_requests += 1;
                    let entries = fir.entries.clone();
                    entries.for_each(|it| self.want_keyframe(ssrcs.seat_of_video(it.ssrc)));
                }
                Packet::TransportFeedback(feedback) => {
                    self.is_frequent = true;
                    let mut missed = Missed::default();
                    let fates = sender.history().fates(&feedback, now_us);
                    estimator.on_feedback(now_us, fates.map(|it| missed.note(it)));
                    self.is_picture_read |= missed.has_picture;
                    self.repeated(&missed);
                    self.counted.reported += (missed.n_lost + missed.n_came) as u64;
                    self.counted.lost += missed.n_lost as u64;
                    self.counted.repaired += u64::from(missed.n_repeats);
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

    /// Adapts [`Self::late`] to the outcomes of retransmissions.
    fn repeated(&mut self, missed: &Missed) {
        if missed.n_lost_again > 0 {
            // The viewer requests packets that were lost, not ones that it has yet to read.
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

    fn want_keyframe(&mut self, seat: Option<Seat>) {
        match seat {
            Some(Seat::HOST) => self.wants_keyframe = true,
            Some(guest) => self.guests_without_picture |= 1 << guest.number(),
            None => {}
        }
    }

    /// Records that the viewer needs a keyframe of every picture.
    pub(crate) fn want_all_keyframes(&mut self, has_guests: bool) {
        self.wants_keyframe = true;
        if has_guests {
            self.guests_without_picture = ALL_GUESTS;
        }
    }

    /// Whether the viewer waits for a keyframe or a retransmission.
    pub(crate) fn is_pressing(&self) -> bool {
        self.wants_keyframe
            || self.guests_without_picture != 0
            || !self.requests.is_empty()
            || !self.requests_of_guests.is_empty()
    }

    /// Removes and returns the next packet of a guest to retransmit.
    pub(crate) fn next_request_of_guest(&mut self) -> Option<(Seat, u16)> {
        self.requests_of_guests.pop_front()
    }

    /// Removes and returns the next guest that the viewer needs a keyframe of.
    pub(crate) fn next_guest_without_picture(&mut self) -> Option<Seat> {
        let number = self.guests_without_picture.trailing_zeros();
        self.guests_without_picture &= self.guests_without_picture.wrapping_sub(1);
        Seat::from_number(u8::try_from(number).ok()?).filter(|it| !it.is_host())
    }

    /// Removes and returns the next sequence number to retransmit.
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
        for block in blocks {
            if let Some(seat) = ssrcs.seat_of_video(block.ssrc) {
                self.is_picture_read |= seat.is_host();
                estimator.on_receiver_report(now_us, block.fraction_lost);
            } else if ssrcs.seat_of_audio(block.ssrc).is_none() {
                continue;
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
        assert_eq!(missed(20, 3), [0; 0], "more packets were lost than came");
    }
}
