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
 * The publishing key. The same key takes a live room over, another is refused.
 */
key?: string, 
/**
 * A secret of the browser's own, for a host that has no key: the same one takes its room over.
 * It gives no right to publish.
 */
secret?: string, 
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
visible?: boolean, } | { "type": "restart", 
/**
 * Which peer connection; only `sub` (the page restarts `pub` by its own offer).
 */
pc?: Pc, } | { "type": "ping", 
/**
 * Any number of the client's, echoed.
 */
t: number, };

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
now: number, } | { "type": "error", 
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
 * `replaced`, `draining` or `left`.
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
hostTrouble: boolean, };

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
 * Viewers whose media transport is connected.
 */
viewers: number, };

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

export type ErrorCode = "bad_json" | "bad_type" | "bad_field" | "too_large" | "rate_limited" | "unexpected" | "auth_required" | "auth_bad" | "forbidden" | "host_unknown" | "https_required" | "not_found" | "room_full" | "room_offline" | "server_full" | "host_taken" | "sdp_bad" | "sdp_no_media" | "codec_unsupported" | "answer_timeout" | "ice_timeout" | "ice_failed" | "ice_queue_full" | "dtls_failed" | "version_unsupported" | "method_not_allowed" | "draining" | "internal";

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
role: Role, };

export type HostInfo = { 
/**
 * The name the host chose.
 */
name: DisplayName, };
