//! Tickets of the doctor: for some minutes they let a device look at the server, and publish in test rooms.

use std::time::{Duration, Instant};

use protocol::RoomName;

use crate::Secret;

/// How long a ticket is good: long enough to fetch a phone.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The most tickets at once; one more takes the place of the oldest.
pub const MAX_TICKETS: usize = 16;

/// All tickets that are good.
#[derive(Debug, Default)]
pub(crate) struct Tickets(Vec<(Secret, Instant)>);

impl Tickets {
    pub(crate) fn issue(&mut self, random: u128, now: Instant) -> Secret {
        self.forget_old(now);
        if self.0.len() >= MAX_TICKETS {
            self.0.remove(0);
        }
        let ticket = Secret::new(format!("{random:032x}"));
        self.0.push((ticket.clone(), now));
        ticket
    }

    pub(crate) fn has(&mut self, given: &Secret, now: Instant) -> bool {
        self.forget_old(now);
        self.0.iter().any(|(ticket, _)| ticket.is(given))
    }

    /// Whether a room is one of a ticket's.
    pub(crate) fn has_room(&mut self, room: &RoomName, now: Instant) -> bool {
        room.ticket().is_some_and(|ticket| self.has(&Secret::new(ticket), now))
    }

    fn forget_old(&mut self, now: Instant) {
        self.0.retain(|(_, issued)| now.saturating_duration_since(*issued) < TICKET_LIFETIME);
    }
}
