//! How rooms and sessions are named in metrics.

use control::{Entrance, Part, RoomCounts, Stand};
use protocol::LiveState;

/// Rooms that are told by name.
pub(super) const MAX_ROOMS: usize = 1_000;

/// What stands for all other rooms; no room can have that name.
pub(super) const OTHERS: &str = "other rooms";

/// All states of a room.
pub(super) const LIVES: [LiveState; 5] = [
    LiveState::Offline,
    LiveState::Starting,
    LiveState::Live,
    LiveState::Interrupted,
    LiveState::Ended,
];

/// A word for programs.
pub(super) fn word_of(live: LiveState) -> &'static str {
    match live {
        LiveState::Offline => "offline",
        LiveState::Starting => "starting",
        LiveState::Live => "live",
        LiveState::Interrupted => "interrupted",
        LiveState::Ended => "ended",
    }
}

/// Whether somebody is live.
pub(super) fn is_live(room: &RoomCounts) -> bool {
    room.live == LiveState::Live
}

/// The labels of sessions of a kind.
pub(super) fn labels_of(
    (door, part, stand): (Entrance, Part, Stand),
) -> [(&'static str, &'static str); 3] {
    [("door", door.as_str()), ("role", part.as_str()), ("state", stand.as_str())]
}
