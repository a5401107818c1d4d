//! The stage: a hub, a clock, pages, and a media plane that answers at once.

mod log;
mod programs;

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use auth::{Auth, ClientAddr, OwnAddresses, PublishOpen, Secret};
use media_api::{CloseReason, Codec, Command, Event, MediaInfo, PeerId, RoomId, Seat};
use protocol::{ClientFrame, CloseCode, ErrorCode, Pc, Role, RoomName, ServerMessage};

use crate::fuzz::media_plane::MediaPlane;
use crate::room::Room;
use crate::session::{Session, SessionId};
use crate::{
    Admission, Capacity, ClientId, Config, Door, Effect, Hub, IceServerConfig, Input, Join, Notice,
    Now, Refusal, Reply, RequestId,
};

/// What a world begins with.
pub(super) struct Setup {
    pub(super) open: PublishOpen,
    pub(super) key: Option<String>,
    pub(super) max_viewers: usize,
    pub(super) capacity: Capacity,
    pub(super) ice_servers: Vec<IceServerConfig>,
}

/// What a WebSocket's URL says, and the key of its offers.
#[derive(Debug, Clone, Default)]
pub(super) struct Query {
    pub(super) role: Option<Role>,
    pub(super) room: Option<RoomName>,
    pub(super) key: Option<String>,
    /// Whether its role is that of a guest.
    pub(super) wants_stage: bool,
}

pub(super) const SENDING: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendrecv\r\na=msid:s a\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\na=msid:s v\r\n";
const UNIX_MS: f64 = 1_700_000_000_000.0;

pub(super) const RECEIVING: &str = "v=0\r\no=- 7 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=recvonly\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n";

/// A sending offer of another `RTCPeerConnection`.
pub(super) fn sending(session: u32) -> String {
    SENDING.replace("o=- 1 ", &format!("o=- {session} "))
}

pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) admission: Admission,
    pub(super) max_viewers: usize,
    start: Instant,
    elapsed: Duration,
    last_id: u64,
    sent: HashMap<ClientId, Vec<ServerMessage>>,
    last_request: u64,
    replies: HashMap<RequestId, Result<Reply, Refusal>>,
    /// Requests without a reply.
    pub(super) open_requests: HashSet<RequestId>,
    closed: HashMap<ClientId, CloseCode>,
    /// What clients write into their offers.
    keys: HashMap<ClientId, String>,
    /// Everything asked of the media plane, until taken.
    pub(super) commands: Vec<Command>,
    /// The media plane answers by itself.
    pub(super) answers: bool,
    pub(super) media: MediaPlane,
    /// Rooms as they were to be saved.
    pub(super) saved: Vec<crate::SavedRoom>,
    /// What the operator's programs were told.
    pub(super) happened: Vec<crate::RoomEvent>,
    /// Records of broadcasts as they were to be written.
    pub(super) records: Vec<crate::BroadcastRecord>,
    pub(super) recordings: Vec<bool>,
    pub(super) rewinds: Vec<crate::Rewind>,
    pub(super) recorded_chat: Vec<crate::RecordedChat>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = Setup {
            open: PublishOpen::All,
            key: None,
            max_viewers: 100,
            capacity: Capacity::default(),
            ice_servers: Vec::new(),
        };
        change(&mut setup);
        let config = Config {
            default_room: RoomName::parse("default").unwrap(),
            max_viewers: setup.max_viewers,
            host_grace: crate::limits::HOST_GRACE,
            ice_servers: setup.ice_servers,
            record: auth::RecordPolicy::Host,
            past: Duration::from_secs(1_800),
            clips: true,
            host_codec: crate::HostCodec::Fit { has_hls: false, is_mp4: true },
        };
        let auth = Auth::new(
            auth::Config {
                open: Some(setup.open),
                key: setup.key.map(Secret::new),
                ..auth::Config::default()
            },
            OwnAddresses { port: 3000, names: Vec::new() },
        );
        let mut token = 0;
        let random = move || {
            token += 1;
            token
        };
        log::begin();
        let start = Instant::now();
        let now = Now { at: start, unix_ms: UNIX_MS };
        let admission = Admission::new(setup.capacity, start);
        Self {
            hub: Hub::new(config, auth, admission.clone(), now, random),
            admission,
            max_viewers: setup.max_viewers,
            start,
            elapsed: Duration::ZERO,
            last_id: 0,
            sent: HashMap::new(),
            last_request: 0,
            replies: HashMap::new(),
            open_requests: HashSet::new(),
            closed: HashMap::new(),
            keys: HashMap::new(),
            commands: Vec::new(),
            answers: true,
            media: MediaPlane::default(),
            saved: Vec::new(),
            happened: Vec::new(),
            records: Vec::new(),
            recordings: Vec::new(),
            rewinds: Vec::new(),
            recorded_chat: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Now {
        let unix_ms = UNIX_MS + self.elapsed.as_secs_f64() * 1000.0;
        Now { at: self.start + self.elapsed, unix_ms }
    }

    // WebSockets.

    pub(super) fn open(&mut self) -> ClientId {
        self.open_as("192.0.2.1", false, Query::default())
    }

    pub(super) fn open_with(&mut self, query: Query) -> ClientId {
        self.open_as("192.0.2.1", false, query)
    }

    pub(super) fn open_as(&mut self, ip: &str, own_machine: bool, query: Query) -> ClientId {
        self.try_open(ip, own_machine, query).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    /// Opens a WebSocket, as far as admission lets it.
    pub(super) fn try_open(
        &mut self,
        ip: &str,
        own_machine: bool,
        query: Query,
    ) -> Result<ClientId, Refusal> {
        let client = ClientId(self.new_id());
        let mut join = self.join(ip, own_machine, Door::WebSocket)?;
        (join.role, join.room) = (query.role, query.room);
        join.wants_stage = query.wants_stage;
        self.keys.extend(query.key.map(|key| (client, key)));
        self.input(Input::Connected { client, join });
        Ok(client)
    }

    /// A door that uses the name of a client twice.
    pub(super) fn open_again(&mut self, client: ClientId) {
        let join = self.join("192.0.2.1", false, Door::WebSocket).unwrap();
        self.input(Input::Connected { client, join });
    }

    fn join(&mut self, ip: &str, own_machine: bool, door: Door) -> Result<Join, Refusal> {
        let ip = ip.parse().unwrap();
        let addr = ClientAddr { ip, is_own_machine: own_machine, is_trusted_network: false };
        let place = self.admission.join(&addr, door, self.now().at)?;
        let (role, wants_stage) = (None, false);
        Ok(Join { addr, via: None, turn: None, room: None, role, wants_stage, shown: None, place })
    }

    pub(super) fn new_client(&mut self) -> ClientId {
        ClientId(self.new_id())
    }

    fn new_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    // Messages.

    pub(super) fn say(&mut self, socket: ClientId, text: &str) {
        let frame = Box::new(ClientFrame::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")));
        self.input(Input::Frame { client: socket, frame });
    }

    pub(super) fn offer(&mut self, socket: ClientId, sdp: &str) {
        let mut offer = serde_json::json!({"type": "offer", "sdp": sdp});
        if let Some(key) = self.keys.get(&socket) {
            offer["key"] = key.as_str().into();
        }
        self.say(socket, &offer.to_string());
    }

    /// Answers as a page of the basic profile does.
    pub(super) fn answer(&mut self, socket: ClientId) {
        self.say(socket, r#"{"type":"answer","sdp":"v=0"}"#);
    }

    /// Answers as a page that said `hello` does.
    pub(super) fn answer_neg(&mut self, socket: ClientId, neg: u32) {
        self.say(socket, &format!(r#"{{"type":"answer","sdp":"v=0","pc":"sub","neg":{neg}}}"#));
    }

    pub(super) fn drop_socket(&mut self, socket: ClientId, code: Option<u16>) {
        self.input(Input::Gone { client: socket, code });
    }

    /// What a socket was sent since it was last asked.
    pub(super) fn take(&mut self, socket: ClientId) -> Vec<ServerMessage> {
        self.sent.remove(&socket).unwrap_or_default()
    }

    /// The types of what a socket was sent, for comparing.
    pub(super) fn types(&mut self, socket: ClientId) -> Vec<String> {
        let kind = |message: &ServerMessage| {
            let value = serde_json::to_value(message).unwrap();
            let kind = value["type"].as_str().unwrap().to_owned();
            match message {
                ServerMessage::Error { code, .. } => code.as_str().to_owned(),
                ServerMessage::State(state) => format!("state:{:?}", state.live).to_lowercase(),
                _ => kind,
            }
        };
        self.take(socket).iter().map(kind).collect()
    }

    /// The errors a socket was sent.
    pub(super) fn errors(&mut self, socket: ClientId) -> Vec<ErrorCode> {
        self.take(socket)
            .into_iter()
            .filter_map(|message| match message {
                ServerMessage::Error { code, .. } => Some(code),
                _ => None,
            })
            .collect()
    }

    pub(super) fn close_code(&self, socket: ClientId) -> Option<CloseCode> {
        self.closed.get(&socket).copied()
    }

    // People.

    /// A host of the basic profile whose media flows.
    pub(super) fn basic_host(&mut self) -> ClientId {
        let host = self.open();
        self.offer(host, SENDING);
        self.flow();
        self.take(host);
        host
    }

    pub(super) fn hello(&mut self, socket: ClientId, fields: &str) {
        let comma = if fields.is_empty() { "" } else { "," };
        self.say(socket, &format!(r#"{{"type":"hello","v":1{comma}{fields}}}"#));
    }

    /// A fan of the page profile, offered and connected.
    pub(super) fn fan(&mut self) -> ClientId {
        let fan = self.open_as("192.0.2.50", false, Query::default());
        self.hello(fan, r#""role":"fan""#);
        self.answer_neg(fan, 1);
        let peer = self.last_peer();
        self.event(Event::Connected { peer });
        self.advance(Duration::from_secs(1));
        self.take(fan);
        fan
    }

    /// A fan that says `hello` and never answers.
    pub(super) fn idler(&mut self, ip: &str) -> ClientId {
        let client = self.open_as(ip, false, Query::default());
        self.hello(client, r#""role":"fan""#);
        client
    }

    /// A fan that answers and connects.
    pub(super) fn viewer(&mut self, ip: &str) -> ClientId {
        let client = self.idler(ip);
        self.answer_neg(client, 1);
        let peer = self.last_peer();
        self.event(Event::Connected { peer });
        client
    }

    /// A host of the page profile that is live.
    pub(super) fn host(&mut self, fields: &str) -> ClientId {
        let host = self.open_as("192.0.2.9", false, Query::default());
        self.hello(host, &format!(r#""role":"host"{fields}"#));
        self.offer(host, SENDING);
        self.say(host, r#"{"type":"golive"}"#);
        self.flow();
        self.take(host);
        host
    }

    pub(super) fn resume_token(&mut self, socket: ClientId) -> String {
        self.take(socket)
            .into_iter()
            .find_map(|message| match message {
                ServerMessage::Welcome { resume, .. } => Some(resume),
                _ => None,
            })
            .expect("a welcome")
    }

    // The media plane.

    /// The media of the host of the default room flows, as VP8.
    pub(super) fn flow(&mut self) {
        self.flow_as(Codec::Vp8);
    }

    pub(super) fn flow_as(&mut self, video: Codec) {
        let room = self.default_room();
        let media = MediaInfo { audio: Some(Codec::Opus), video: Some(video), layers: Vec::new() };
        self.event(Event::MediaFlowing { room, media });
    }

    pub(super) fn stall(&mut self) {
        let room = self.default_room();
        self.event(Event::MediaStalled { room });
    }

    pub(super) fn default_room(&self) -> RoomId {
        self.hub.cx.directory.rooms[&RoomName::parse("default").unwrap()]
    }

    /// The publishing peer of the default room.
    pub(super) fn publisher(&self) -> PeerId {
        self.media.publishers[&(self.default_room(), Seat::HOST)]
    }

    /// The peer that was made last.
    pub(super) fn last_peer(&self) -> PeerId {
        *self.media.peers.last().expect("a peer")
    }

    pub(super) fn closes(&mut self, peer: PeerId, reason: CloseReason) {
        self.media.forget(peer);
        self.event(Event::Closed { peer, reason });
    }

    pub(super) fn event(&mut self, event: Event) {
        self.input(Input::Media(event));
    }

    pub(super) fn take_commands(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.commands)
    }

    // Time.

    pub(super) fn advance(&mut self, by: Duration) {
        let until = self.elapsed + by;
        while let Some(at) = self.hub.poll_timeout().map(|at| at - self.start)
            && at <= until
        {
            self.elapsed = self.elapsed.max(at);
            self.input(Input::Timeout);
        }
        self.elapsed = until;
    }

    pub(super) fn ms(&mut self, ms: u64) {
        self.advance(Duration::from_millis(ms));
    }

    pub(super) fn seconds(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    // Looking in.

    pub(super) fn live(&self) -> protocol::LiveState {
        self.room().broadcast.live
    }

    pub(super) fn n_viewers(&self) -> u32 {
        self.room().audience.n_viewers
    }

    /// Viewers of the default room that are not connected.
    pub(super) fn n_half_open(&self) -> usize {
        let audience = &self.room().audience;
        audience.n_watching - audience.n_viewers as usize
    }

    /// The default room.
    pub(super) fn room(&self) -> &Room {
        &self.hub.rooms[&self.default_room()]
    }

    /// The session of a client, and its room.
    pub(super) fn session(&self, client: ClientId) -> (SessionId, &Session, &Room) {
        let sid = self.hub.cx.directory.clients[&client];
        let room = &self.hub.rooms[&self.hub.cx.directory.sessions[&sid]];
        (sid, &room.members[&sid], room)
    }

    pub(super) fn input(&mut self, input: Input) {
        let now = self.now();
        self.hub.handle(input, now);
        while let Some(effect) = self.hub.poll_effect() {
            match effect {
                Effect::Send { to, message } => self.told(to, message),
                Effect::Broadcast { to, notice: Notice::Message(message) } => {
                    to.into_iter().for_each(|to| self.told(to, message.clone()));
                }
                Effect::Broadcast { notice: Notice::Rates(_), .. } => {}
                Effect::Reply { id, result } => {
                    assert!(self.open_requests.remove(&id), "one reply to each request");
                    self.replies.insert(id, result);
                }
                Effect::Close { client, code } => {
                    self.closed.insert(client, code);
                }
                Effect::History { to, lines } => self.told(to, lines.message().clone()),
                Effect::Keep(saved) => self.saved.push(*saved),
                Effect::Happened(event) => self.happened.push(*event),
                Effect::Record(record) => self.records.push(*record),
                Effect::Recording { on, .. } => self.recordings.push(on),
                Effect::Said { said, .. } => self.recorded_chat.push(*said),
                Effect::Rewind { wish, .. } => self.rewinds.push(wish),
                Effect::Media(command) => {
                    self.commands.push(command.clone());
                    if self.answers {
                        let events = self.media.carry_out(&command);
                        events.into_iter().for_each(|event| self.event(event));
                    }
                }
            }
        }
    }

    fn told(&mut self, to: ClientId, message: ServerMessage) {
        assert!(!self.closed.contains_key(&to), "sent after close: {message:?}");
        self.sent.entry(to).or_default().push(message);
    }
}

pub(super) fn query(role: Option<Role>, key: Option<&str>) -> Query {
    Query { role, key: key.map(Into::into), ..Query::default() }
}

pub(super) fn in_room(room: &str) -> Query {
    Query { room: Some(RoomName::parse(room).unwrap()), ..Query::default() }
}

/// The `pc` and `neg` of the offers among messages.
pub(super) fn offers(messages: &[ServerMessage]) -> Vec<(Option<Pc>, Option<u32>)> {
    messages
        .iter()
        .filter_map(|message| match message {
            ServerMessage::Offer { pc, neg, .. } => Some((*pc, *neg)),
            _ => None,
        })
        .collect()
}
