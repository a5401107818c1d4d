//! What we said last of a handshake, until the peer has heard it (RFC 6347, section 4.2.4).

use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a session may take to connect: nothing is sent again by itself after that.
const LASTS: Duration = crate::CONNECT_TIMEOUT;

/// Our last flight. It is repeated as it was: who missed it has not seen these records, and who has not
/// missed it passes over them.
#[derive(Debug)]
pub(super) struct Flight {
    /// How soon a flight that nobody answered is sent again, and twice as late each time.
    patience: Duration,
    datagrams: Vec<Arc<[u8]>>,
    /// The number of the peer's message that it answers; of those after it none was heard.
    answers: Option<u16>,
    n_repeats: u32,
    again_at: Option<Instant>,
}

impl Flight {
    /// None yet.
    pub(super) fn new(patience: Duration) -> Self {
        Self { patience, datagrams: Vec::new(), answers: None, n_repeats: 0, again_at: None }
    }

    /// Another was sent, in answer to a message of the peer's.
    pub(super) fn sent(&mut self, datagrams: &[Arc<[u8]>], answers: Option<u16>, now: Instant) {
        self.datagrams = datagrams.to_vec();
        self.answers = self.answers.max(answers);
        self.n_repeats = 0;
        self.again_at = Some(now + self.patience);
    }

    /// The handshake is over.
    pub(super) fn done(&mut self) {
        self.datagrams.clear();
        self.again_at = None;
    }

    /// What to send when the peer said something that it had said before: it has not heard us.
    pub(super) fn again_if_repeated(&self, said: Option<u16>) -> &[Arc<[u8]>] {
        if said.is_some() && said <= self.answers { &self.datagrams } else { &[] }
    }

    /// What to send since nothing came for too long.
    pub(super) fn again_if_due(&mut self, now: Instant) -> &[Arc<[u8]>] {
        if self.again_at.is_none_or(|at| now < at) {
            return &[];
        }
        self.n_repeats += 1;
        let wait = self.patience * 2u32.saturating_pow(self.n_repeats);
        self.again_at = (wait < LASTS).then(|| now + wait);
        &self.datagrams
    }

    /// When it is to be sent again.
    pub(super) fn again_at(&self) -> Option<Instant> {
        self.again_at
    }
}

/// The number of the first handshake message in a datagram, when that is not encrypted.
pub(super) fn message_number(datagram: &[u8]) -> Option<u16> {
    match datagram {
        [22, _, _, 0, 0, _, _, _, _, _, _, _, _, _, _, _, _, high, low, ..] => {
            Some(u16::from_be_bytes([*high, *low]))
        }
        _ => None,
    }
}
