//! Repeats our last DTLS flight until the peer answers it (RFC 6347, section 4.2.4).

use std::sync::Arc;
use std::time::{Duration, Instant};

/// No flight is repeated by a timer after this: a session must connect within it.
const LASTS: Duration = crate::CONNECT_TIMEOUT;

/// Our last flight. It is repeated unchanged: a peer that missed it has not seen these records, and a peer that
/// received it ignores them.
#[derive(Debug)]
pub(super) struct Flight {
    /// Time until an unanswered flight is repeated; it doubles each time.
    patience: Duration,
    datagrams: Vec<Arc<[u8]>>,
    /// Number of the peer's message that this flight answers. No later message has arrived.
    answers: Option<u16>,
    n_repeats: u32,
    again_at: Option<Instant>,
}

impl Flight {
    /// Creates an empty flight.
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, datagrams: Vec::new(), answers: None, n_repeats: 0, again_at: None }
    }

    /// Replaces the flight with a new one, which answers the peer's message `answers`.
    pub(super) fn sent(&mut self, datagrams: &[Arc<[u8]>], answers: Option<u16>, now: Instant) {
        self.datagrams = datagrams.to_vec();
        self.answers = self.answers.max(answers);
        self.n_repeats = 0;
        self.again_at = Some(now + self.patience);
    }

    /// The handshake is done: no more repetitions.
    pub(super) fn done(&mut self) {
        self.datagrams.clear();
        self.again_at = None;
    }

    /// The datagrams to send if the peer repeated message `said`: it did not receive the flight that answers it.
    pub(super) fn again_if_repeated(&self, said: Option<u16>) -> &[Arc<[u8]>] {
        if said.is_some() && said <= self.answers { &self.datagrams } else { &[] }
    }

    /// The datagrams to send if the flight was unanswered for too long.
    pub(super) fn again_if_due(&mut self, now: Instant) -> &[Arc<[u8]>] {
        if self.again_at.is_none_or(|at| now < at) {
            return &[];
        }
        self.n_repeats += 1;
        let wait = self.patience * 2u32.saturating_pow(self.n_repeats);
        self.again_at = (wait < LASTS).then(|| now + wait);
        &self.datagrams
    }

    /// When the flight is repeated next.
    pub(super) fn again_at(&self) -> Option<Instant> {
        self.again_at
    }
}

/// Message number of the first handshake message in a datagram; `None` if it is encrypted.
pub(super) fn message_number(datagram: &[u8]) -> Option<u16> {
    match datagram {
        [22, _, _, 0, 0, _, _, _, _, _, _, _, _, _, _, _, _, high, low, ..] => {
            Some(u16::from_be_bytes([*high, *low]))
        }
        _ => None,
    }
}
