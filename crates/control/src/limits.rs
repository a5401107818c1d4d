//! Bounds of the control plane. `docs/limits.md` lists them; a test holds the two together.

use std::time::Duration;

/// How long a WebSocket may be silent before it is taken for a fan of the basic profile.
pub const SILENCE: Duration = Duration::from_millis(300);

/// How long a client has to answer an offer. A browser answers in well under a second.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a watching peer that is not connected keeps its place in a full room or server, when it is the only one
/// of its network. A connection comes up in well under a second.
pub const SPARED: Duration = Duration::from_secs(2);

/// Publishers beyond the places, while the media plane looks at their offers: a viewer gives way only to one that was
/// taken.
pub const PUBLISHERS_BEYOND: usize = 16;

/// How long a host whose media stopped, or whose page was closed, may take to return, unless configured. A person opens
/// the page again in it.
pub const HOST_GRACE: Duration = Duration::from_secs(90);

/// How long a guest whose page or connection is lost keeps its place on stage: others may wait for it.
pub const GUEST_GRACE: Duration = Duration::from_secs(15);

/// Those who wait to come on stage. A host looks through a few dozen.
pub const STAGE_QUEUE: usize = 100;

/// How long who was let on stage has to publish: it may have to allow camera and microphone first.
pub const STAGE_ENTRANCE: Duration = Duration::from_secs(60);

/// How long a session without client and media is kept for a resume, and how long the connections of an ended
/// broadcast are kept.
pub const LINGER: Duration = Duration::from_secs(60);

/// The shortest time between two `viewers` messages in a room.
pub const VIEWERS_EVERY: Duration = Duration::from_secs(1);

/// The shortest time between two `restart`s of one page.
pub const RESTART_EVERY: Duration = Duration::from_secs(1);

/// Offers of one session a second, in the long run, by any door: each costs a negotiation or an ICE restart.
pub const OFFERS_PER_SECOND: u32 = 1;

/// Offers of one session at once: a page that adds its tracks one by one.
pub const OFFERS_BURST: u32 = 12;

/// The shortest time between two changes of a fan's layer: each may cost a keyframe. The last value said in
/// between counts at its end.
pub const PREFER_EVERY: Duration = Duration::from_millis(250);

/// Candidates taken before the description they belong to, for one peer connection. A browser on a machine with
/// several networks sends about 20.
pub const EARLY_CANDIDATES: u16 = 64;

/// Offers of one page that the media plane has not answered yet. It takes milliseconds for each.
pub const PENDING_OFFERS: usize = 8;

/// WebSockets of one address that neither said `hello` nor negotiated. React's StrictMode opens two.
pub const SILENT_SOCKETS: usize = 16;

/// Messages of one WebSocket a second, in the long run.
pub const MESSAGES_PER_SECOND: u32 = 30;

/// Messages of one WebSocket at once: a browser's candidates come in a burst.
pub const MESSAGE_BURST: u32 = 120;

/// Viewers of one room, unless configured.
pub const MAX_VIEWERS: usize = 1000;

/// Peers, publishers and viewers, unless configured.
pub const MAX_PEERS: usize = 2000;

/// Sessions for each of the configured peers: a page that waits holds a session and no peer.
pub const SESSIONS_PER_PEER: usize = 4;

/// Sessions of one network, unless configured.
pub const SESSIONS_PER_NETWORK: usize = 400;

/// WebSockets of one network, unless configured.
pub const SOCKETS_PER_NETWORK: usize = 200;

/// Joins of one network a second in the long run, unless configured. A join is a WebSocket, or a POST to WHIP or
/// WHEP.
pub const JOINS_PER_SECOND: u32 = 20;

/// Joins of one network at once, unless configured: a room full of people behind one address.
pub const JOINS_BURST: u32 = 200;

/// Joins of all networks a second, unless configured.
pub const JOINS_PER_SECOND_IN_ALL: u32 = 500;

/// Of so many places one is kept: viewers leave it to publishers, and of sessions others leave it to the server's
/// own machine and to encoders with the publishing key.
pub const KEPT_ONE_IN: usize = 20;

/// How long TURN credentials last. A page that comes back is given new ones.
pub const TURN_LIFETIME: Duration = Duration::from_secs(3600);
