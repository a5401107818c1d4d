// Generated from crates/protocol; do not edit. `UPDATE=1 cargo test -p protocol` renews it.

export const PROTOCOL_VERSION = 1;

export type ClientMessage = { "type": "offer", 
/**
 * The description (RFC 8866), at most 48 KiB.
 */
sdp: string, 
/**
 * Which peer connection it is for; absent: the socket's only one.
 */
pc?: Pc, 
/**
 * Counts the client's negotiations of this `pc`; echoed in the answer.
 */
neg?: number, 
/**
 * The publishing key, for a client that sends no `hello`.
 */
key?: string, } | { "type": "answer", 
/**
 * The description (RFC 8866), at most 48 KiB.
 */
sdp: string, 
/**
 * Which peer connection it is for; absent: the socket's only one.
 */
pc?: Pc, 
/**
 * The `neg` of the offer answered; an answer to another is dropped.
 */
neg?: number, } | { "type": "offer_ice", 
/**
 * The candidate; `null` or an empty string ends them.
 */
iceCandidate?: IceCandidate, 
/**
 * Which peer connection it is for.
 */
pc?: Pc, } | { "type": "answer_ice", 
/**
 * The candidate; `null` or an empty string ends them.
 */
iceCandidate?: IceCandidate, 
/**
 * Which peer connection it is for.
 */
pc?: Pc, } | { "type": "hello", 
/**
 * The version spoken, [`crate::PROTOCOL_VERSION`].
 */
v: number, 
/**
 * What the page is; a fan when absent.
 */
role?: Role, 
/**
 * The room; the default room when absent.
 */
room?: RoomName, 
/**
 * How the person wants to be called.
 */
name?: DisplayName, 
/**
 * The publishing key; of a fan, the password of the room. The same key takes a live room over, another is
 * refused.
 */
key?: string, 
/**
 * A secret of the browser's own. A person is known by it, and a host that has no key: the same one takes its
 * room over. It gives no right to publish.
 */
secret?: string, 
/**
 * The code of the invitation link by which the page was opened.
 */
invite?: string, 
/**
 * The token of an earlier `welcome`: takes that socket's place, with its media.
 */
resume?: string, 
/**
 * The page's language, as in `navigator.language`.
 */
lang?: string, 
/**
 * What the browser can do.
 */
caps?: Caps, } | { "type": "leave", } | { "type": "golive", } | { "type": "end", } | { "type": "media_state", 
/**
 * Whether sound is sent.
 */
audio: boolean, 
/**
 * Whether a picture is sent.
 */
video: boolean, 
/**
 * How large the picture of each simulcast layer is, at most 4; absent: as it was.
 */
layers?: Array<LayerSize>, } | { "type": "layer", 
/**
 * `auto`: the best that the network carries. The name of a layer (`rid`): that one at most.
 * `off`: sound only.
 */
video?: LayerName, 
/**
 * Whether anybody sees the page: no picture is sent while nobody does.
 */
visible?: boolean, } | { "type": "rewind", 
/**
 * How long ago what is to be seen was live, in milliseconds; 0: what is live. It begins at the nearest keyframe.
 */
agoMs?: number, 
/**
 * Nothing more is sent, until another `agoMs`.
 */
paused?: boolean, 
/**
 * Whether it goes a tenth faster, until it is live.
 */
fast?: boolean, } | { "type": "restart", 
/**
 * Which peer connection; only `sub` (the page restarts `pub` by its own offer).
 */
pc?: Pc, } | { "type": "ping", 
/**
 * Any number of the client's, echoed.
 */
t: number, } | { "type": "stats", 
/**
 * The round trip of the page's media connection, in milliseconds.
 */
rttMs?: number, 
/**
 * How long after its capture a fan sees the picture, in milliseconds.
 */
latencyMs?: number, } | { "type": "rename", 
/**
 * The name.
 */
name: DisplayName, } | { "type": "chat", 
/**
 * The text.
 */
text: string, 
/**
 * How it looks over the picture.
 */
style?: ChatStyle, 
/**
 * When the picture was captured that the person sees, in milliseconds since the Unix epoch.
 */
at?: number, } | { "type": "like", 
/**
 * How many, 1 to 30.
 */
n: number, } | { "type": "react", 
/**
 * Which.
 */
kind: ReactionKind, } | { "type": "flag", 
/**
 * Which.
 */
mid: number, } | { "type": "moderate" } & Moderation | { "type": "desk", 
/**
 * Whether it does.
 */
on: boolean, } | { "type": "room_set", 
/**
 * The title; empty: none.
 */
title: string | null, 
/**
 * The notice; empty: none.
 */
notice: string | null, 
/**
 * The rules of the chat.
 */
chat?: ChatRules, 
/**
 * Words that no message may have; at most 200 of at most 32 characters.
 */
words?: Array<string>, 
/**
 * Whether the broadcast is recorded, where [`crate::Kept::by_host`] says so.
 */
recording?: boolean, } | { "type": "stage" } & StageAction;

export type ServerMessage = { "type": "offer", 
/**
 * The description (RFC 8866).
 */
sdp: string, 
/**
 * Which peer connection; absent for a client without `hello`.
 */
pc?: Pc, 
/**
 * Counts the server's negotiations of this `pc`; the answer repeats it.
 */
neg?: number, } | { "type": "answer", 
/**
 * The description (RFC 8866).
 */
sdp: string, 
/**
 * Which peer connection; absent for a client without `hello`.
 */
pc?: Pc, 
/**
 * The `neg` of the offer answered.
 */
neg?: number, } | { "type": "welcome", 
/**
 * The version spoken.
 */
v: number, 
/**
 * Who the server takes the page for.
 */
self: SelfInfo, 
/**
 * The room as it is now.
 */
room: RoomState, 
/**
 * A secret that lets a new socket take this one's place (see `hello.resume`).
 */
resume: string, 
/**
 * Whether this socket took an earlier one's place, with its media.
 */
resumed: boolean, 
/**
 * For the browser's `RTCConfiguration`.
 */
iceServers: Array<IceServer>, 
/**
 * The server's clock, in milliseconds since the Unix epoch.
 */
now: number, 
/**
 * What the client must keep to.
 */
limits: Limits, } | { "type": "state" } & RoomState | { "type": "viewers", 
/**
 * Viewers whose media transport is connected.
 */
n: number, 
/**
 * The most there were at once in this broadcast.
 */
peak: number, } | { "type": "layer_now", 
/**
 * Whether a picture is sent at all; sound is.
 */
on: boolean, 
/**
 * The layer's name; absent without a picture or without simulcast.
 */
rid?: string, 
/**
 * How wide the host says it is, in pixels.
 */
w?: number, 
/**
 * How high the host says it is, in pixels.
 */
h?: number, 
/**
 * Whether the fan left the choice to the server.
 */
auto: boolean, 
/**
 * Why it is no better one.
 */
reason: LayerReason, } | { "type": "layers", 
/**
 * Their names; empty: all are wanted.
 */
paused: Array<string>, } | { "type": "findings", 
/**
 * Each at most once; empty: nothing any more.
 */
findings: Array<Finding>, } | { "type": "pong", 
/**
 * The `t` of the ping.
 */
t: number, 
/**
 * The server's clock, in milliseconds since the Unix epoch.
 */
now: number, } | { "type": "clock", 
/**
 * An RTP timestamp of the picture, or of the sound where there is no picture.
 */
rtp: number, 
/**
 * Its ticks a second.
 */
rate: number, 
/**
 * When it was captured, by the server's clock, in milliseconds since the Unix epoch.
 */
wall: number, } | { "type": "latency", 
/**
 * The median, in milliseconds.
 */
medianMs: number, 
/**
 * The worst of them.
 */
worstMs: number, 
/**
 * How many fans told theirs in the last 30 s.
 */
n: number, } | { "type": "rewound", 
/**
 * When what it sees was live, in milliseconds since the Unix epoch; none: it sees what is live.
 */
at?: number, } | { "type": "you" } & SelfInfo | { "type": "chats", 
/**
 * The lines.
 */
items: Array<ChatItem>, 
/**
 * How many lines were left out, since there were more than can be read.
 */
skipped?: number, 
/**
 * Whether these are the lines from before the page came: they take the place of all that it has.
 */
history?: boolean, } | { "type": "sent", 
/**
 * The line.
 */
item: ChatItem, 
/**
 * The `id` of the message.
 */
re?: string | number, } | { "type": "chat_removed", 
/**
 * Which.
 */
mids: Array<number>, 
/**
 * All lines of this person.
 */
uid?: PersonId, } | { "type": "likes", 
/**
 * All likes of this broadcast.
 */
total: number, 
/**
 * Those that came since.
 */
delta: number, 
/**
 * Gestures that came since.
 */
reactions: Array<ReactionCount>, } | { "type": "desk" } & Desk | { "type": "stage_queue", 
/**
 * Who.
 */
people: Array<Person>, } | { "type": "stage", 
/**
 * Where.
 */
step: StageStep, } | { "type": "speaker", 
/**
 * Which guest.
 */
uid?: PersonId, } | { "type": "error", 
/**
 * For a program.
 */
code: ErrorCode, 
/**
 * For a person, in English.
 */
message: string, 
/**
 * The `id` of the message that caused it.
 */
re?: string | number, 
/**
 * Whether the server closes the socket now.
 */
fatal: boolean, 
/**
 * After how many milliseconds another try makes sense.
 */
retryMs?: number, 
/**
 * What exactly, such as the codec that is missing.
 */
detail?: string, } | { "type": "bye", 
/**
 * `replaced`, `draining`, `banned` or `left`.
 */
reason: string, 
/**
 * After how many milliseconds to come back; absent: do not.
 */
retryMs?: number, };

export type RoomName = string;

export type DisplayName = string;

export type LayerName = string;

export type LayerSize = { 
/**
 * The layer's name.
 */
rid: LayerName, 
/**
 * Its width in pixels.
 */
w: number, 
/**
 * Its height in pixels.
 */
h: number, };

export type LayerReason = "user" | "bandwidth" | "host" | "hidden";

export type RoomState = { 
/**
 * The room's name.
 */
room: RoomName, 
/**
 * Rises with each change, so that an older snapshot can be told from a newer.
 */
rev: number, 
/**
 * Where the broadcast stands.
 */
live: LiveState, 
/**
 * When it went live, in milliseconds since the Unix epoch.
 */
since: number | null, 
/**
 * Who hosts.
 */
host: HostInfo | null, 
/**
 * The video codec, such as `VP8`.
 */
codec: string | null, 
/**
 * The simulcast layers (`rid`s) that the host sends, best first; empty without simulcast.
 */
layers: Array<string>, 
/**
 * How large they are, as far as the host says so.
 */
sizes: Array<LayerSize>, 
/**
 * Whether a picture is sent.
 */
video: VideoState, 
/**
 * Whether sound is sent.
 */
audio: AudioState, 
/**
 * Whether viewers suffer from the host's side now: its network, or what it sends.
 */
hostTrouble: boolean, 
/**
 * How long the host's packets take to the server, in milliseconds, by what its page measured; absent: unknown.
 */
uplinkMs: number | null, 
/**
 * What the broadcast is called.
 */
title: string | null, 
/**
 * What the host wants everybody to know (公告).
 */
notice: string | null, 
/**
 * The version of the room's picture, at `/api/rooms/{room}/cover?v={version}`; absent: it has none.
 */
cover: number | null, 
/**
 * The rules of the chat.
 */
chat: ChatRules, 
/**
 * The line above the chat.
 */
pinned: ChatItem | null, 
/**
 * Who is on stage beside the host.
 */
stage: Stage, 
/**
 * What is kept of the broadcast.
 */
kept: Kept, };

export type RoomSummary = { 
/**
 * The room's name; its page is `/r/{room}`.
 */
room: RoomName, 
/**
 * Whether it is live or interrupted (others are not listed).
 */
live: LiveState, 
/**
 * When it went live, in milliseconds since the Unix epoch.
 */
since: number, 
/**
 * Who the host says to be.
 */
host: HostInfo | null, 
/**
 * What the broadcast is called.
 */
title: string | null, 
/**
 * The version of the room's picture, at `/api/rooms/{room}/cover?v={version}`; none when it has none.
 */
cover: number | null, 
/**
 * Its newest picture of the broadcast, at `/api/rooms/{room}/still?v={v}`; none when there is none.
 */
still: Still | null, 
/**
 * Viewers whose media transport is connected.
 */
viewers: number, };

export type Still = { 
/**
 * Another picture has another.
 */
v: number, 
/**
 * Whether it is a video of one frame, for a paused `<video>`; else an image.
 */
video: boolean, };

export type Kept = { 
/**
 * Whether it is recorded now.
 */
recording: boolean, 
/**
 * Whether the host begins and ends recordings.
 */
byHost: boolean, 
/**
 * How far back it can be seen again, in seconds; 0: not at all.
 */
pastS: number, 
/**
 * Whether whoever watches makes clips of it.
 */
clips: boolean, 
/**
 * The video codec that a host's page sends unless its host chose one, such as `H264`: HLS and MP4 cannot carry VP8.
 */
codec: string | null, 
/**
 * Where not everybody may watch: stands as `pass` in addresses of what is kept of the room.
 */
pass: string | null, };

export type RoomInfo = { 
/**
 * The room's name; its page is `/r/{room}`.
 */
room: RoomName, 
/**
 * Where the broadcast stands.
 */
live: LiveState, 
/**
 * When it went live, in milliseconds since the Unix epoch; none when it is neither live nor interrupted.
 */
since: number | null, 
/**
 * Who the host says to be.
 */
host: HostInfo | null, 
/**
 * The video codec, such as `H264`; none before there is a picture.
 */
codec: string | null, 
/**
 * The audio codec, `opus`; none before there is sound.
 */
audioCodec: string | null, 
/**
 * The simulcast layers (`rid`s) that came, best first; empty without simulcast.
 */
layers: Array<string>, 
/**
 * What the broadcast is called.
 */
title: string | null, 
/**
 * The version of the room's picture, at `/api/rooms/{room}/cover?v={version}`; none when it has none.
 */
cover: number | null, 
/**
 * Viewers whose media transport is connected.
 */
viewers: number, 
/**
 * What is wrong with what the host sends.
 */
findings: Array<Finding>, };

export type Addresses = { 
/**
 * Such as `http://192.168.1.5:3000`, the likeliest first.
 */
origins: Array<string>, };

export type DoctorTicket = { 
/**
 * Whoever shows it as a bearer token sees the findings, and may publish in the rooms
 * `doctor-{ticket}-{anything}` without a key.
 */
ticket: string, 
/**
 * Seconds for which it is good.
 */
expiresInS: number, 
/**
 * Where devices find the page `/doctor`, the likeliest first. The ticket goes behind a `#`.
 */
pages: Array<string>, };

export type DoctorReport = { 
/**
 * The worst first, else in the order in which they should be mended.
 */
findings: Array<DoctorFinding>, 
/**
 * The server's clock, in milliseconds since the Unix epoch.
 */
now: number, 
/**
 * The port of media over UDP.
 */
udpPort: number, 
/**
 * The port of pages, and of media over TCP.
 */
tcpPort: number, 
/**
 * What devices found that opened the page lately, the last first.
 */
devices: Array<DeviceReport>, };

export type DoctorFinding = { 
/**
 * The check, such as `udp_buffers`.
 */
check: string, 
/**
 * How bad it is.
 */
level: DoctorLevel, 
/**
 * What is so.
 */
text: Words, 
/**
 * What to do; none when all is well.
 */
advice: Words | null, };

export type DoctorLevel = "closed" | "advice" | "fine";

export type DeviceReport = { 
/**
 * What it calls itself, such as `Safari, iPhone`.
 */
device: string, 
/**
 * The origin of the page that it opened.
 */
origin: string, 
/**
 * The device's clock minus the server's, in milliseconds.
 */
clockAheadMs: number, 
/**
 * Each way once.
 */
results: Array<PathResult>, };

export type PathResult = { 
/**
 * The way.
 */
path: DoctorPath, 
/**
 * What became of it.
 */
state: PathState, 
/**
 * Milliseconds from the first attempt until media came, or the answer.
 */
ms: number | null, };

export type DoctorPath = "https" | "web_socket" | "udp4" | "udp6" | "tcp4" | "tcp6" | "turn";

export type PathState = "works" | "closed" | "not_offered" | "not_tried";

export type Words = { 
/**
 * English.
 */
en: string, 
/**
 * Chinese.
 */
zh: string, };

export type Finding = { 
/**
 * For a program.
 */
code: FindingCode, 
/**
 * For a person, in English: what it does to the viewers, and what to set.
 */
message: string, 
/**
 * Of `keyframe_interval`: how far apart keyframes are, in milliseconds.
 */
intervalMs?: number, 
/**
 * Of `h264_profile`: its name, such as `High 4:4:4`.
 */
profile?: string, 
/**
 * Of `bitrate_over_limit` and `over_ceiling`: how much is sent, in kbit/s.
 */
kbps?: number, 
/**
 * Of `bitrate_over_limit` and `over_ceiling`: how much may be sent, in kbit/s.
 */
limitKbps?: number, 
/**
 * Of `over_ceiling`: how many packets are sent in a second.
 */
packets?: number, 
/**
 * Of `over_ceiling`: how many packets may be sent in a second.
 */
limitPackets?: number, 
/**
 * Of `lossy_uplink`: how many of a hundred packets get lost.
 */
percent?: number, };

export type FindingCode = "b_frames" | "keyframe_interval" | "ignores_pli" | "h264_profile" | "no_parameter_sets" | "no_audio" | "no_opus" | "bitrate_over_limit" | "over_ceiling" | "unknown_media" | "lossy_uplink";

export type ErrorBody = { 
/**
 * For a program.
 */
code: ErrorCode, 
/**
 * For a person, in English.
 */
message: string, };

export type ErrorCode = "bad_json" | "bad_type" | "bad_field" | "too_large" | "rate_limited" | "unexpected" | "auth_required" | "auth_bad" | "forbidden" | "host_unknown" | "https_required" | "not_found" | "room_full" | "room_offline" | "server_full" | "host_taken" | "sdp_bad" | "sdp_no_media" | "codec_unsupported" | "answer_timeout" | "ice_timeout" | "ice_failed" | "ice_queue_full" | "dtls_failed" | "version_unsupported" | "method_not_allowed" | "banned" | "muted" | "chat_off" | "chat_slow" | "chat_blocked" | "name_needed" | "stage_full" | "draining" | "internal";

export type LiveState = "offline" | "starting" | "live" | "interrupted" | "ended";

export type VideoState = "on" | "off";

export type AudioState = "on" | "muted";

export type Role = "host" | "fan";

export type Pc = "pub" | "sub";

export type Caps = { 
/**
 * Video codecs it decodes, such as `VP8`, in its own order of preference.
 */
video: Array<string>, 
/**
 * A host that stops sending the layers which `layers` names.
 */
pauses?: boolean, };

export type IceCandidate = { 
/**
 * The candidate-attribute (RFC 8839, section 5.1); empty at the end.
 */
candidate: string, 
/**
 * The media description it belongs to, by identification tag.
 */
sdpMid?: string, 
/**
 * The media description it belongs to, by index.
 */
sdpMLineIndex?: number, 
/**
 * The ICE username fragment it belongs to.
 */
usernameFragment?: string, };

export type IceServer = { 
/**
 * Its addresses.
 */
urls: Array<string>, 
/**
 * For TURN.
 */
username?: string, 
/**
 * For TURN.
 */
credential?: string, };

export type Limits = { 
/**
 * The largest session description, in bytes.
 */
sdpBytes: number, 
/**
 * Messages a second, in the long run.
 */
messagesPerSecond: number, };

export type SelfInfo = { 
/**
 * Names this socket in the server's log.
 */
id: string, 
/**
 * Its role.
 */
role: Role, 
/**
 * Names the person in this room.
 */
uid: PersonId, 
/**
 * How the person is called; absent until it has said so.
 */
name?: DisplayName, 
/**
 * What the person may do.
 */
standing: Standing, 
/**
 * Until when the person may not write, in milliseconds since the Unix epoch.
 */
mutedUntil?: number, 
/**
 * Whether the page was opened by the invitation link.
 */
invited?: boolean, };

export type HostInfo = { 
/**
 * The name the host chose.
 */
name: DisplayName, };

export type PersonId = string;

export type Standing = "fan" | "guest" | "moderator" | "host";

export type Person = { 
/**
 * Who.
 */
uid: PersonId, 
/**
 * How it is called.
 */
name: DisplayName, 
/**
 * What it may do.
 */
standing: Standing, };

export type ChatMode = "scroll" | "top" | "bottom";

export type ChatColor = "white" | "red" | "orange" | "yellow" | "green" | "blue" | "purple" | "pink";

export type ChatStyle = { 
/**
 * Where it is.
 */
mode: ChatMode, 
/**
 * Its colour.
 */
color: ChatColor, };

export type ChatItem = { 
/**
 * Names the line in its room; later lines have higher ones.
 */
mid: number, 
/**
 * What it says; absent: the person came into the room.
 */
text: string, 
/**
 * When the server took it, in milliseconds since the Unix epoch.
 */
ts: number, 
/**
 * When the picture was captured that its writer saw, in milliseconds since the Unix epoch.
 */
at?: number, 
/**
 * How it looks over the picture; absent: white, from right to left.
 */
style?: ChatStyle, 
/**
 * Who.
 */
uid: PersonId, 
/**
 * How it is called.
 */
name: DisplayName, 
/**
 * What it may do.
 */
standing: Standing, };

export type ChatRules = { 
/**
 * Whether people may write; hosts and moderators always may.
 */
on: boolean, 
/**
 * Slow mode: seconds between two messages of a person, at most 3,600; 0: no more than the usual limit.
 */
slowS: number, 
/**
 * Whether only people may write who came by the invitation link.
 */
invitedOnly: boolean, 
/**
 * Whether lines are kept for who comes later.
 */
history: boolean, };

export type ReactionKind = "clap" | "laugh" | "wow" | "rose" | "rocket" | "party";

export type ReactionCount = { 
/**
 * Which.
 */
kind: ReactionKind, 
/**
 * How often.
 */
n: number, };

export type Moderation = { "action": "delete", 
/**
 * Which.
 */
mid: number, } | { "action": "clear", 
/**
 * Whose.
 */
uid: PersonId, } | { "action": "pin", 
/**
 * Which; absent: none any more.
 */
mid: number | null, } | { "action": "mute", 
/**
 * Who.
 */
uid: PersonId, 
/**
 * How long, in seconds, at most 30 days; 0: it may write again.
 */
seconds: number, } | { "action": "ban", 
/**
 * Who.
 */
uid: PersonId, 
/**
 * Whether nobody else may from its address either; `false` lets the others of that address in.
 */
address: boolean, } | { "action": "unban", 
/**
 * Who.
 */
uid: PersonId, } | { "action": "promote", 
/**
 * Who.
 */
uid: PersonId, 
/**
 * Whether it is one.
 */
on: boolean, } | { "action": "settle", 
/**
 * Which.
 */
mid: number, };

export type Banned = { 
/**
 * Who.
 */
uid: PersonId, 
/**
 * How it was called.
 */
name: DisplayName, 
/**
 * Whether nobody else may from its address either.
 */
address: boolean, 
/**
 * Since when, in milliseconds since the Unix epoch.
 */
since: number, };

export type Present = { 
/**
 * Until when it may not write, in milliseconds since the Unix epoch.
 */
mutedUntil?: number, 
/**
 * Who.
 */
uid: PersonId, 
/**
 * How it is called.
 */
name: DisplayName, 
/**
 * What it may do.
 */
standing: Standing, };

export type Flagged = { 
/**
 * The line.
 */
item: ChatItem, 
/**
 * How many reported it.
 */
n: number, };

export type Deed = { 
/**
 * When, in milliseconds since the Unix epoch.
 */
ts: number, 
/**
 * By whom.
 */
by: DisplayName, 
/**
 * How the person is called that it was done to.
 */
name?: DisplayName, } & ({ "action": "delete", 
/**
 * Which.
 */
mid: number, } | { "action": "clear", 
/**
 * Whose.
 */
uid: PersonId, } | { "action": "pin", 
/**
 * Which; absent: none any more.
 */
mid: number | null, } | { "action": "mute", 
/**
 * Who.
 */
uid: PersonId, 
/**
 * How long, in seconds, at most 30 days; 0: it may write again.
 */
seconds: number, } | { "action": "ban", 
/**
 * Who.
 */
uid: PersonId, 
/**
 * Whether nobody else may from its address either; `false` lets the others of that address in.
 */
address: boolean, } | { "action": "unban", 
/**
 * Who.
 */
uid: PersonId, } | { "action": "promote", 
/**
 * Who.
 */
uid: PersonId, 
/**
 * Whether it is one.
 */
on: boolean, } | { "action": "settle", 
/**
 * Which.
 */
mid: number, });

export type Desk = { 
/**
 * The rules of the chat.
 */
rules: ChatRules, 
/**
 * Words that no message may have.
 */
words: Array<string>, 
/**
 * The code of the invitation link (`/r/{room}#invite={code}`).
 */
invite: string, 
/**
 * Who is in the room, by name, at most 200.
 */
people: Array<Present>, 
/**
 * Who may not be.
 */
bans: Array<Banned>, 
/**
 * What fans reported, the most reported first.
 */
flagged: Array<Flagged>, 
/**
 * What was done last, newest first, at most 100.
 */
log: Array<Deed>, };

export type StageLayout = "auto" | "corner" | "grid" | "speaker";

export type Guest = { 
/**
 * The stream (`msid`) of its tracks in descriptions for fans.
 */
stream: string, 
/**
 * Whether its media flows.
 */
live: boolean, 
/**
 * Whether it is heard: neither the host nor the guest has switched the microphone off.
 */
audio: boolean, 
/**
 * Whether it is seen.
 */
video: boolean, 
/**
 * Who.
 */
uid: PersonId, 
/**
 * How it is called.
 */
name: DisplayName, 
/**
 * What it may do.
 */
standing: Standing, };

export type Stage = { 
/**
 * Whether fans may ask to come on.
 */
open: boolean, 
/**
 * How it is shown.
 */
layout: StageLayout, 
/**
 * Who is on, in the order in which they came.
 */
guests: Array<Guest>, };

export type StageAction = { "action": "ask", } | { "action": "leave", } | { "action": "set", 
/**
 * Whether fans may ask.
 */
open?: boolean, 
/**
 * How it is shown.
 */
layout?: StageLayout, } | { "action": "accept", 
/**
 * Who.
 */
uid: PersonId, } | { "action": "decline", 
/**
 * Who.
 */
uid: PersonId, } | { "action": "drop", 
/**
 * Who.
 */
uid: PersonId, } | { "action": "mute", 
/**
 * Who.
 */
uid: PersonId, 
/**
 * Whether it is off.
 */
on: boolean, };

export type StageStep = "off" | "asked" | "accepted" | "declined" | "dropped";
