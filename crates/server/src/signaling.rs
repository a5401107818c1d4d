//! The control plane: who is in which room, who may publish, and what is asked of the media plane.
//!
//! [`Hub`] is a state machine without clock, socket or thread. It is given an [`Input`] and the
//! time, and leaves [`Action`]s to be carried out; `driver.rs` is the loop around it. The media
//! plane is spoken to in [`engine::Command`] and answers in [`engine::Event`].
//!
//! | file | what it decides |
//! | --- | --- |
//! | `hub.rs` | what comes in, what goes out, who owns what |
//! | `join.rs` | sockets: opened, `hello`, resumed, closed, left |
//! | `negotiate.rs` | whose offer, answer or candidate it is |
//! | `publish.rs` | the host's side: claim, take-over, going live, the end |
//! | `watch.rs` | the fan's side: offers, answers, restarts, codecs |
//! | `layers.rs` | which layer a fan wants and is sent, and which the host need not send |
//! | `media.rs` | what the media plane reports |
//! | `findings.rs` | what is wrong with what the host sends, in words |
//! | `notify.rs` | what a room's pages are told |
//! | `session.rs`, `room.rs` | the state |
//! | `policy.rs`, `sdp.rs`, `timers.rs`, `fault.rs` | pure helpers |
//!
//! `docs/protocol.md` is the contract that this implements.

mod fault;
mod findings;
mod hub;
mod io;
mod join;
mod layers;
mod media;
mod negotiate;
mod notify;
mod policy;
mod publish;
mod room;
pub mod sdp;
mod session;
mod timers;
mod watch;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use hub::Hub;
pub use io::{Action, Caller, Door, Input, Now, SocketId, SocketQuery};
pub(crate) use policy::same_key as is_same_key;
pub use policy::{PublishOpen, PublishPolicy};

use protocol::{IceServer, RoomName};

/// How long a socket may be silent before it is taken for a fan of the seed profile.
pub const SILENCE: Duration = Duration::from_millis(300);

/// How long a client has to answer an offer. A browser answers in well under a second; a person
/// may be asked for permission first.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a host whose media stopped may take to return. The page's own retries fit in.
pub const GRACE: Duration = Duration::from_secs(15);

/// How long what nobody holds any more is kept for a return: a session without socket and media,
/// and the connections of a broadcast that is over.
pub const LINGER: Duration = Duration::from_secs(60);

/// The shortest time between two `viewers` messages in a room.
pub const VIEWERS_EVERY: Duration = Duration::from_secs(1);

/// The shortest time between two `restart`s of one page: each makes a new offer.
pub const RESTART_EVERY: Duration = Duration::from_secs(1);

/// The shortest time between two changes of what one fan wants of the picture: each may cost a keyframe.
/// What it says in between counts at its end, as it is then.
pub const PREFER_EVERY: Duration = Duration::from_millis(250);

/// Candidates taken before the description they belong to, for one peer connection. A browser on a
/// machine with several networks sends about 20.
pub const EARLY_CANDIDATES: u16 = 64;

/// Offers of one page that the media plane has not answered yet; it takes milliseconds for each.
pub const PENDING_OFFERS: usize = 8;

/// Sockets of one address that neither said `hello` nor negotiated. React's StrictMode opens two.
pub const SILENT_SOCKETS: usize = 16;

/// Wrong keys taken from one address in [`BAD_KEYS_WINDOW`]; further ones are not looked at.
pub const BAD_KEYS: u32 = 10;

/// See [`BAD_KEYS`].
pub const BAD_KEYS_WINDOW: Duration = Duration::from_secs(60);

/// What the control plane is configured with.
#[derive(Debug, Clone)]
pub struct Config {
    /// The room of sockets that name none.
    pub default_room: RoomName,
    /// Who may publish.
    pub publish: PublishPolicy,
    /// The most viewers of one room.
    pub max_viewers: usize,
    /// Handed to the pages for their `RTCConfiguration`.
    pub ice_servers: Vec<IceServer>,
}
