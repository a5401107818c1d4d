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

/// Messages of one person in the chat a second, in the long run.
pub const CHAT_PER_SECOND: u32 = 1;

/// Messages of one person in the chat at once.
pub const CHAT_BURST: u32 = 3;

/// Messages of a host in the chat a second.
pub const HOST_CHAT_PER_SECOND: u32 = 5;

/// Messages of a host in the chat at once.
pub const HOST_CHAT_BURST: u32 = 10;

/// The shortest time between two `chats` of a room: what is said in between comes together.
pub const CHATS_EVERY: Duration = Duration::from_millis(100);

/// Lines that are kept for who comes later.
pub const HISTORY_LINES: usize = 200;

/// Lines in one `chats`; what is said beyond is left out.
pub const LINES_AT_ONCE: usize = 50;

/// Members of a room from which on not all lines are shown.
pub const CROWD: usize = 1000;

/// Lines a second that are shown to a crowd: more cannot be read.
pub const CROWD_LINES_PER_SECOND: u32 = 20;

/// The shortest time between two lines that say who came in.
pub const ARRIVALS_EVERY: Duration = Duration::from_secs(1);

/// The time in which a person who comes again is not announced again.
pub const ARRIVAL_AGAIN: Duration = Duration::from_secs(600);

/// Viewers beyond which nobody is announced.
pub const ARRIVALS_UP_TO: u32 = 200;

/// Words that a room does not want.
pub const BLOCKED_WORDS: usize = 200;

/// Characters of such a word.
pub const BLOCKED_WORD_CHARS: usize = 32;

/// Messages of one person a second in the long run, of `like` and of `react` each.
pub const LIKES_PER_SECOND: u32 = 2;

/// The same at once.
pub const LIKES_BURST: u32 = 4;

/// Likes in one message.
pub const LIKES_AT_ONCE: u8 = 30;

/// The shortest time between two `likes` of a room.
pub const LIKES_EVERY: Duration = Duration::from_secs(1);

/// New names and reports of one person a second in the long run.
pub const DEEDS_PER_SECOND: u32 = 1;

/// The same at once.
pub const DEEDS_BURST: u32 = 5;

/// People of a room who are gone and still known: what they may not do is kept in mind.
pub const ABSENT_PEOPLE: usize = 1000;

/// People who may not be in a room; beyond it the oldest may again.
pub const BANS: usize = 1000;

/// Networks of one person who may not be in a room.
pub const BANNED_NETWORKS: usize = 4;

/// Moderators of a room.
pub const MODERATORS: usize = 100;

/// The longest time for which a person may be muted, in seconds: 30 days.
pub const MUTE_SECONDS: u32 = 2_592_000;

/// The longest slow mode, in seconds.
pub const SLOW_SECONDS: u16 = 3600;

/// What hosts and moderators did last, in `desk`.
pub const DEED_LOG: usize = 100;

/// Lines that fans reported, in `desk`; beyond it the oldest is left out.
pub const FLAGGED_LINES: usize = 50;

/// People who reported one line and are counted.
pub const FLAGS_OF_A_LINE: usize = 1000;

/// People in `desk`.
pub const DESK_PEOPLE: usize = 200;

/// Bans in `desk`, the newest ones.
pub const DESK_BANS: usize = 200;

/// The shortest time between two `desk`s of a room.
pub const DESK_EVERY: Duration = Duration::from_secs(1);

/// How often a host is told its fans' latency.
pub const LATENCY_EVERY: Duration = Duration::from_secs(5);

/// How long what a fan said of its latency counts.
pub const LATENCY_COUNTS: Duration = Duration::from_secs(30);

/// Fans of a room whose latency counts.
pub const LATENCY_SAMPLES: usize = 1000;

/// How long after a change a room is saved: what changes in between is saved together.
pub const KEEP_AFTER: Duration = Duration::from_secs(2);

/// Rooms without anybody in them that are remembered; beyond it the one that changed first is forgotten.
pub const KEPT_ROOMS: usize = 1000;

/// How often it is looked at what viewers are sent, for the record of a broadcast.
pub const SAMPLE_EVERY: Duration = Duration::from_secs(10);

/// How often the record of a broadcast is written while it is live: what a crash may lose.
pub const RECORD_EVERY: Duration = Duration::from_secs(120);

/// Points of a broadcast's timeline; a longer one has points of twice as many minutes.
pub const TIMELINE_POINTS: usize = 720;

/// Interruptions in the record of a broadcast.
pub const RECORDED_INTERRUPTIONS: usize = 100;

/// Findings in the record of a broadcast.
pub const RECORDED_FINDINGS: usize = 100;

/// Layers in the record of a broadcast. A publisher has 4 at a time, and may change their names.
pub const RECORDED_LAYERS: usize = 16;

/// The time in which a finding that comes again in the same broadcast is told to programs once.
pub const FINDING_AGAIN: Duration = Duration::from_secs(600);
