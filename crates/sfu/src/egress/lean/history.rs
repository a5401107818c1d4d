//! What was sent to one viewer under which transport-wide sequence number, until its feedback says
//! what arrived when (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use rtp::rtcp::TransportFeedback;

/// Half a second of 10 Mbit/s; feedback comes ten to twenty times a second and takes a round trip.
const LEN: usize = 512;

/// Reference times are in units of 64 ms, and wrap after 12 days.
const REFERENCE_US: i64 = 64_000;
const REFERENCE_BITS: u32 = 24;

/// Deltas are in units of 250 µs.
const DELTA_US: i64 = 250;

/// One packet and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    /// When it was sent, in microseconds of our clock.
    pub(crate) sent_us: u64,
    /// When it arrived, in microseconds of the viewer's clock; `None`: it has not.
    pub(crate) received_us: Option<i64>,
    /// Its size with all headers that we write.
    pub(crate) bytes: u16,
    /// Which probe it was a part of.
    pub(crate) probe: Option<u8>,
}

/// The last packets under way.
#[derive(Debug)]
pub(crate) struct History {
    sent: Box<[Sent; LEN]>,
    next: u16,
    /// The last reference time, without wraps.
    reference: Option<i64>,
}

#[derive(Debug, Clone, Copy)]
struct Sent {
    /// The low bits of microseconds: 71 minutes.
    at_us: u32,
    bytes: u16,
    seq: u16,
    probe: u8,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    None,
    UnderWay,
    /// Said to be lost; it may still be said to have come.
    Missing,
    Arrived,
}

const NO_PROBE: u8 = u8::MAX;

impl Default for History {
    fn default() -> Self {
        let nothing = Sent { at_us: 0, bytes: 0, seq: 0, probe: NO_PROBE, state: State::None };
        Self { sent: Box::new([nothing; LEN]), next: 1, reference: None }
    }
}

impl History {
    /// The number that the next packet has.
    pub(crate) fn next_seq(&self) -> u16 {
        self.next
    }

    /// The next packet was sent.
    pub(crate) fn note(&mut self, now_us: u64, bytes: usize, probe: Option<u8>) {
        let seq = self.next;
        self.next = self.next.wrapping_add(1);
        self.sent[usize::from(seq) % LEN] = Sent {
            at_us: now_us as u32,
            bytes: bytes as u16,
            seq,
            probe: probe.unwrap_or(NO_PROBE),
            state: State::UnderWay,
        };
    }

    /// What a feedback says of packets that it is news of, in the order of their numbers.
    pub(crate) fn fates<'a>(
        &'a mut self,
        feedback: &TransportFeedback<'a>,
        now_us: u64,
    ) -> impl Iterator<Item = Fate> + 'a {
        let mut received = self.unwrapped(feedback.info.reference_time) * REFERENCE_US;
        let sent = &mut self.sent;
        // More than are remembered are no news, whatever a packet announces.
        feedback.statuses().take(2 * LEN).filter_map(move |(seq, delta)| {
            let received_us = delta.map(|delta| {
                received += i64::from(delta) * DELTA_US;
                received
            });
            let it = &mut sent[usize::from(seq) % LEN];
            let is_news = match it.state {
                State::UnderWay => true,
                State::Missing => received_us.is_some(),
                State::None | State::Arrived => false,
            };
            if it.seq != seq || !is_news {
                return None;
            }
            it.state = if received_us.is_some() { State::Arrived } else { State::Missing };
            Some(Fate {
                sent_us: now_us.saturating_sub((now_us as u32).wrapping_sub(it.at_us).into()),
                received_us,
                bytes: it.bytes,
                probe: Some(it.probe).filter(|it| *it != NO_PROBE),
            })
        })
    }

    /// A reference time nearest to the last one.
    fn unwrapped(&mut self, reference: u32) -> i64 {
        let span = 1_i64 << REFERENCE_BITS;
        let new = i64::from(reference);
        let unwrapped = match self.reference {
            None => new,
            Some(last) => {
                let step = (new - last).rem_euclid(span);
                if step < span / 2 { last + step } else { last + step - span }
            }
        };
        self.reference = Some(unwrapped);
        unwrapped
    }
}
