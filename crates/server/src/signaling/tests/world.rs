//! The stage: a hub, a clock, pages, and a media plane that answers at once.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use engine::{CloseReason, Codec, Command, Event, MediaInfo, NegotiationError, PeerId, RoomId};
use protocol::{ClientFrame, CloseCode, ErrorCode, Pc, Role, RoomName, ServerMessage};

use crate::signaling::{
    Action, Caller, Config, Hub, Input, Now, PublishOpen, PublishPolicy, SocketId, SocketQuery,
};

pub(super) const SENDING: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=sendrecv\r\na=msid:s a\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=sendrecv\r\na=msid:s v\r\n";
pub(super) const RECEIVING: &str = "v=0\r\no=- 7 2 IN IP4 127.0.0.1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=recvonly\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=recvonly\r\n";

/// A sending offer of another `RTCPeerConnection`.
pub(super) fn sending(session: u32) -> String {
    SENDING.replace("o=- 1 ", &format!("o=- {session} "))
}

pub(super) struct World {
    pub(super) hub: Hub,
    start: Instant,
    elapsed: Duration,
    last_socket: u64,
    sent: HashMap<SocketId, Vec<ServerMessage>>,
    closed: HashMap<SocketId, CloseCode>,
    /// Everything asked of the media plane, until taken.
    pub(super) commands: Vec<Command>,
    /// The media plane answers by itself.
    pub(super) answers: bool,
    /// What it answers next instead.
    pub(super) rejects: Option<NegotiationError>,
    pub(super) codecs: Vec<Codec>,
    publishers: BTreeMap<RoomId, PeerId>,
    pub(super) peers: HashSet<PeerId>,
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config {
            default_room: RoomName::parse("default").unwrap(),
            publish: PublishPolicy { open: PublishOpen::All, key: None },
            max_viewers: 100,
            ice_servers: Vec::new(),
        };
        change(&mut config);
        let mut token = 0;
        let random = move || {
            token += 1;
            token
        };
        Self {
            hub: Hub::new(config, random),
            start: Instant::now(),
            elapsed: Duration::ZERO,
            last_socket: 0,
            sent: HashMap::new(),
            closed: HashMap::new(),
            commands: Vec::new(),
            answers: true,
            rejects: None,
            codecs: vec![Codec::Opus, Codec::Vp8],
            publishers: BTreeMap::new(),
            peers: HashSet::new(),
        }
    }

    fn now(&self) -> Now {
        let unix_ms = 1_700_000_000_000.0 + self.elapsed.as_secs_f64() * 1000.0;
        Now { at: self.start + self.elapsed, unix_ms }
    }

    // Sockets.

    pub(super) fn open(&mut self) -> SocketId {
        self.open_as("192.0.2.1", false, SocketQuery::default())
    }

    pub(super) fn open_with(&mut self, query: SocketQuery) -> SocketId {
        self.open_as("192.0.2.1", false, query)
    }

    pub(super) fn open_as(&mut self, ip: &str, local: bool, query: SocketQuery) -> SocketId {
        self.last_socket += 1;
        let socket = SocketId(self.last_socket);
        let caller = Caller { ip: ip.parse().unwrap(), local };
        self.input(Input::Opened { socket, caller, query });
        socket
    }

    pub(super) fn say(&mut self, socket: SocketId, text: &str) {
        let frame = Box::new(ClientFrame::parse(text).unwrap_or_else(|e| panic!("{text}: {e}")));
        self.input(Input::Frame { socket, frame });
    }

    pub(super) fn offer(&mut self, socket: SocketId, sdp: &str) {
        self.say(socket, &serde_json::json!({"type": "offer", "sdp": sdp}).to_string());
    }

    /// Answers as a page of the seed profile does.
    pub(super) fn answer(&mut self, socket: SocketId) {
        self.say(socket, r#"{"type":"answer","sdp":"v=0"}"#);
    }

    /// Answers as a page that said `hello` does.
    pub(super) fn answer_neg(&mut self, socket: SocketId, neg: u32) {
        self.say(socket, &format!(r#"{{"type":"answer","sdp":"v=0","pc":"sub","neg":{neg}}}"#));
    }

    pub(super) fn drop_socket(&mut self, socket: SocketId, code: Option<u16>) {
        self.input(Input::Closed { socket, code });
    }

    /// What a socket was sent since it was last asked.
    pub(super) fn take(&mut self, socket: SocketId) -> Vec<ServerMessage> {
        self.sent.remove(&socket).unwrap_or_default()
    }

    /// The types of what a socket was sent, for comparing.
    pub(super) fn types(&mut self, socket: SocketId) -> Vec<String> {
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
    pub(super) fn errors(&mut self, socket: SocketId) -> Vec<ErrorCode> {
        self.take(socket)
            .into_iter()
            .filter_map(|message| match message {
                ServerMessage::Error { code, .. } => Some(code),
                _ => None,
            })
            .collect()
    }

    pub(super) fn close_code(&self, socket: SocketId) -> Option<CloseCode> {
        self.closed.get(&socket).copied()
    }

    // People.

    /// A host of the seed profile whose media flows.
    pub(super) fn seed_host(&mut self) -> SocketId {
        let host = self.open();
        self.offer(host, SENDING);
        self.flow();
        self.take(host);
        host
    }

    pub(super) fn hello(&mut self, socket: SocketId, fields: &str) {
        let comma = if fields.is_empty() { "" } else { "," };
        self.say(socket, &format!(r#"{{"type":"hello","v":1{comma}{fields}}}"#));
    }

    /// A fan of the extended profile, offered and connected.
    pub(super) fn fan(&mut self) -> SocketId {
        let fan = self.open_as("192.0.2.50", false, SocketQuery::default());
        self.hello(fan, r#""role":"fan""#);
        self.answer_neg(fan, 1);
        let peer = self.last_peer();
        self.event(Event::Connected { peer });
        self.advance(Duration::from_secs(1));
        self.take(fan);
        fan
    }

    /// A host of the extended profile that is live.
    pub(super) fn host(&mut self, fields: &str) -> SocketId {
        let host = self.open_as("192.0.2.9", false, SocketQuery::default());
        self.hello(host, &format!(r#""role":"host"{fields}"#));
        self.offer(host, SENDING);
        self.say(host, r#"{"type":"golive"}"#);
        self.flow();
        self.take(host);
        host
    }

    pub(super) fn resume_token(&mut self, socket: SocketId) -> String {
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
        self.hub.room_ids[&RoomName::parse("default").unwrap()]
    }

    /// The publishing peer of the default room.
    pub(super) fn publisher(&self) -> PeerId {
        self.publishers[&self.default_room()]
    }

    /// The peer that was made last.
    pub(super) fn last_peer(&self) -> PeerId {
        *self.peers.iter().max().expect("a peer")
    }

    pub(super) fn closes(&mut self, peer: PeerId, reason: CloseReason) {
        self.peers.remove(&peer);
        self.publishers.retain(|_, publisher| *publisher != peer);
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
        self.hub.rooms[&self.default_room()].live
    }

    pub(super) fn n_viewers(&self) -> u32 {
        self.hub.rooms[&self.default_room()].n_viewers
    }

    pub(super) fn input(&mut self, input: Input) {
        let now = self.now();
        self.hub.handle(input, now);
        while let Some(action) = self.hub.poll_action() {
            match action {
                Action::Send { socket, message } => {
                    assert!(!self.closed.contains_key(&socket), "sent after close: {message:?}");
                    self.sent.entry(socket).or_default().push(message);
                }
                Action::Negotiated { .. } | Action::Rates { .. } => {}
                Action::Close { socket, code } => {
                    self.closed.insert(socket, code);
                }
                Action::Media(command) => {
                    self.commands.push(command.clone());
                    if self.answers {
                        self.carry_out(&command);
                    }
                }
            }
        }
    }

    /// What the engine does, as far as the control plane can see.
    fn carry_out(&mut self, command: &Command) {
        let codecs = self.codecs.clone();
        let new_or_known = match command {
            Command::Publish { peer, .. }
            | Command::WatchOffer { peer, .. }
            | Command::Watch { peer, .. }
            | Command::Answer { peer, .. }
            | Command::Reoffer { peer, .. }
            | Command::RestartIce { peer, .. } => Some(*peer),
            Command::GoLive { .. } | Command::Prefer { .. } | Command::Close { .. } => None,
        };
        if let Some(peer) = new_or_known
            && let Some(error) = self.rejects.take()
        {
            return self.event(Event::Rejected { peer, error });
        }
        match *command {
            Command::Publish { room, peer, .. } => {
                if let Some(old) = self.publishers.insert(room, peer) {
                    self.peers.remove(&old);
                    self.event(Event::Closed { peer: old, reason: CloseReason::Replaced });
                }
                self.peers.insert(peer);
                self.event(Event::Answer { peer, sdp: "v=0 answer".into(), codecs });
            }
            Command::WatchOffer { peer, .. } => {
                self.peers.insert(peer);
                self.event(Event::Answer { peer, sdp: "v=0 answer".into(), codecs });
            }
            Command::Watch { peer, .. } => {
                self.peers.insert(peer);
                self.event(Event::Offer { peer, sdp: "v=0 offer".into() });
            }
            Command::Answer { peer, .. } if self.peers.contains(&peer) => {
                self.event(Event::Negotiated { peer, codecs });
            }
            Command::Reoffer { peer, .. } if self.peers.contains(&peer) => {
                self.event(Event::Answer { peer, sdp: "v=0 reanswer".into(), codecs });
            }
            Command::RestartIce { peer, .. } if self.peers.contains(&peer) => {
                self.event(Event::Offer { peer, sdp: "v=0 restart".into() });
            }
            Command::Answer { peer, .. }
            | Command::Reoffer { peer, .. }
            | Command::RestartIce { peer, .. } => {
                self.event(Event::Rejected { peer, error: NegotiationError::UnknownPeer });
            }
            Command::GoLive { .. } | Command::Prefer { .. } => {}
            Command::Close { peer } => {
                if self.peers.remove(&peer) {
                    self.publishers.retain(|_, publisher| *publisher != peer);
                    self.event(Event::Closed { peer, reason: CloseReason::Requested });
                }
            }
        }
    }
}

pub(super) fn query(role: Option<Role>, key: Option<&str>) -> SocketQuery {
    SocketQuery { role, key: key.map(Into::into), ..SocketQuery::default() }
}

pub(super) fn in_room(room: &str) -> SocketQuery {
    SocketQuery { room: Some(RoomName::parse(room).unwrap()), ..SocketQuery::default() }
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
