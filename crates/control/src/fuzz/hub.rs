//! A hub that is driven by a script: clients of every door, a media plane that may be late or refuse, and time.

use std::collections::{BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use auth::{Auth, ClientAddr, Credential, OwnAddresses, PublishOpen, Secret};
use media_api::{
    CloseReason, Codec, Event, Finding, LayerRate, MediaInfo, NegotiationError, PeerId, Reason,
    RoomId, Seat,
};
use protocol::{ClientFrame, LayerName, Role, RoomName};

use super::books;
use super::frames::{KEY, description, frame};
use super::media_plane::MediaPlane;
use super::script::Script;
use crate::{
    Admission, Capacity, ClientId, Config, Door, Effect, Hub, Input, Join, Now, Request, RequestId,
};

const MAX_VIEWERS: usize = 4;

/// Whatever is said by whom in whatever order: nothing panics, the books balance after each step, each request has
/// one reply at most, nobody is told anything after the close, and when all have gone nothing is left.
pub fn hub(data: &[u8]) {
    let mut script = Script::new(data);
    let Some(mut world) = World::new(script.byte()) else { return };
    while !script.is_over() {
        world.step(&mut script);
        world.check();
    }
    world.end();
}

struct World {
    hub: Hub,
    admission: Admission,
    start: Instant,
    elapsed: Duration,
    last_client: u64,
    last_request: u64,
    asked: BTreeSet<RequestId>,
    closed: BTreeSet<ClientId>,
    media: MediaPlane,
    answers: bool,
    is_draining: bool,
}

impl World {
    fn new(open: u8) -> Option<Self> {
        let open =
            [PublishOpen::All, PublishOpen::None, PublishOpen::Loopback][usize::from(open) % 3];
        let key = Some(Secret::new(KEY));
        let auth = auth::Config { open: Some(open), key, ..auth::Config::default() };
        let capacity = Capacity { max_peers: 24, sessions_per_network: 20, ..Capacity::default() };
        let config = Config {
            default_room: RoomName::parse("default").ok()?,
            max_viewers: MAX_VIEWERS,
            host_grace: crate::limits::HOST_GRACE,
            ice_servers: Vec::new(),
            record: auth::RecordPolicy::Host,
            past: Duration::from_secs(1_800),
            clips: true,
            host_codec: crate::HostCodec::Fit { has_hls: false, is_mp4: true },
        };
        let start = Instant::now();
        let admission = Admission::new(capacity, start);
        let mut token = 0;
        let random = move || {
            token += 1;
            token
        };
        let auth = Auth::new(auth, OwnAddresses { port: 3000, names: Vec::new() });
        let now = Now { at: start, unix_ms: 0.0 };
        Some(Self {
            hub: Hub::new(config, auth, admission.clone(), now, random),
            admission,
            start,
            elapsed: Duration::ZERO,
            last_client: 0,
            last_request: 0,
            asked: BTreeSet::new(),
            closed: BTreeSet::new(),
            media: MediaPlane::default(),
            answers: true,
            is_draining: false,
        })
    }

    fn step(&mut self, script: &mut Script<'_>) {
        match script.byte() % 16 {
            0 | 1 => self.open(script),
            2..=5 => {
                let (client, text) = (self.client(script), frame(script));
                self.say(client, &text);
            }
            6 => {
                let (client, text) = (self.client(script), script.text());
                self.say(client, &text);
            }
            7 => self.join_by_http(script),
            8 => self.ask(script),
            9 => {
                let client = self.client(script);
                let code = script.pick(&[None, Some(1000), Some(1001), Some(1006)]);
                self.input(Input::Gone { client, code });
            }
            10 => {
                let peer = self.peer(script);
                self.event(Event::Connected { peer });
            }
            11 => {
                let peer = self.peer(script);
                let reason = script.pick(&REASONS);
                self.media.forget(peer);
                self.event(Event::Closed { peer, reason });
            }
            12 => self.room_event(script),
            13 => {
                let peer = self.peer(script);
                let layer = script.pick(&[None, Some("q".to_owned()), Some("h".to_owned())]);
                let has_picture = script.flag();
                let reason = script.pick(&[Reason::Link, Reason::Viewer, Reason::Hidden]);
                self.event(Event::LayerSent { peer, has_picture, layer, reason });
            }
            14 => {
                let ms = [10, 300, 1_000, 10_000, 60_000][script.below(5) as usize];
                self.advance(Duration::from_millis(ms));
            }
            _ => self.mood(script),
        }
    }

    /// A WebSocket is opened, as far as admission lets it.
    fn open(&mut self, script: &mut Script<'_>) {
        let Some(join) = self.join(script, Door::WebSocket) else { return };
        self.last_client += 1;
        self.input(Input::Connected { client: ClientId(self.last_client), join });
    }

    fn join_by_http(&mut self, script: &mut Script<'_>) {
        let Some(join) = self.join(script, Door::Http) else { return };
        let key = script.pick(&[None, Some(KEY), Some("another of sixteen")]).map(Secret::new);
        self.last_client += 1;
        let request = Request::Join { join, credential: Credential::of_key(key) };
        self.request(ClientId(self.last_client), request);
    }

    fn join(&mut self, script: &mut Script<'_>, door: Door) -> Option<Join> {
        let own_machine = script.below(4) == 3;
        let ip = if own_machine { [127, 0, 0, 1] } else { [192, 0, 2, script.byte() % 3] };
        let addr =
            ClientAddr { ip: ip.into(), is_own_machine: own_machine, is_trusted_network: false };
        let role = script.pick(&[None, Some(Role::Host), Some(Role::Fan)]);
        let room = script.pick(&[None, None, Some("other")]);
        let room = room.and_then(|room| RoomName::parse(room).ok());
        let place = self.admission.join(&addr, door, self.now().at).ok()?;
        let wants_stage = role.is_none() && script.below(4) == 0;
        Some(Join { addr, via: None, turn: None, room, role, wants_stage, shown: None, place })
    }

    fn say(&mut self, client: ClientId, text: &str) {
        if let Ok(frame) = ClientFrame::parse(text) {
            self.input(Input::Frame { client, frame: Box::new(frame) });
        }
    }

    fn ask(&mut self, script: &mut Script<'_>) {
        let client = self.client(script);
        let request = match script.below(5) {
            0 => Request::Publish { offer: description(script) },
            1 => Request::Watch { offer: Some(description(script)) },
            2 => Request::Watch { offer: None },
            3 => Request::Answer { sdp: description(script) },
            _ => match LayerName::parse(script.pick(&["q", "auto", "off"])) {
                Ok(video) => Request::Prefer { video },
                Err(_) => return,
            },
        };
        self.request(client, request);
    }

    fn request(&mut self, client: ClientId, request: Request) {
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.asked.insert(id);
        self.input(Input::Request { client, id, request });
    }

    fn room_event(&mut self, script: &mut Script<'_>) {
        let mut rooms: Vec<RoomId> = self.hub.rooms.keys().copied().collect();
        rooms.sort();
        rooms.push(RoomId(999));
        let room = script.pick(&rooms);
        let event = match script.below(5) {
            0 | 1 => {
                let video = script.pick(&[None, Some(Codec::Vp8), Some(Codec::H264)]);
                let layers = script.pick(&[vec![], vec!["h".to_owned(), "q".to_owned()]]);
                let media = MediaInfo { audio: Some(Codec::Opus), video, layers };
                Event::MediaFlowing { room, media }
            }
            2 if script.flag() => Event::MediaQuiet { room },
            2 => Event::MediaStalled { room },
            3 => {
                let layers = script.pick(&[vec![], vec!["q".to_owned()]]);
                Event::LayersUnwanted { room, layers }
            }
            4 if script.flag() => {
                let (seat, is_flowing) = (Seat::guest(script.byte() % 3), script.flag());
                match seat.filter(|_| script.flag()) {
                    Some(seat) => Event::GuestFlowing { room, seat, is_flowing },
                    None => Event::Speaker { room, seat },
                }
            }
            _ if script.flag() => {
                let rates = vec![LayerRate { rid: None, kbps: script.byte().into() }];
                Event::LayerRates { room, rates }
            }
            _ => {
                let findings = script.pick(&[vec![], vec![Finding::NoAudio, Finding::BFrames]]);
                Event::Findings { room, findings }
            }
        };
        self.event(event);
    }

    /// How the media plane answers from now on; or the server stops.
    fn mood(&mut self, script: &mut Script<'_>) {
        match script.below(32) {
            0..=7 => self.answers = script.flag(),
            8..=23 => {
                let errors = [
                    NegotiationError::Full,
                    NegotiationError::UnknownPeer,
                    NegotiationError::NoCodec,
                    NegotiationError::OutOfOrder,
                    NegotiationError::malformed(""),
                ];
                self.media.rejects = Some(script.pick(&errors));
            }
            24..=30 => {
                self.media.codecs = script.pick(&[
                    vec![Codec::Opus, Codec::Vp8],
                    vec![Codec::Opus],
                    vec![Codec::H264],
                    vec![],
                ]);
            }
            _ => {
                self.is_draining = true;
                self.input(Input::Drain);
            }
        }
    }

    /// One of the clients there have been, or one that has not.
    fn client(&self, script: &mut Script<'_>) -> ClientId {
        ClientId(1 + script.below(self.last_client.min(200) + 1))
    }

    /// One of the peers there are, or one that is not.
    fn peer(&self, script: &mut Script<'_>) -> PeerId {
        let mut peers: Vec<PeerId> = self.media.peers.iter().copied().collect();
        peers.push(PeerId(999));
        script.pick(&peers)
    }

    fn event(&mut self, event: Event) {
        self.input(Input::Media(event));
    }

    fn input(&mut self, input: Input) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let now = self.now();
            self.hub.handle(input, now);
            while let Some(effect) = self.hub.poll_effect() {
                match effect {
                    Effect::Send { to, .. } => assert!(!self.closed.contains(&to)),
                    Effect::Broadcast { to, .. } => {
                        assert!(to.iter().all(|to| !self.closed.contains(to)));
                    }
                    Effect::Reply { id, .. } => assert!(self.asked.remove(&id), "one reply each"),
                    Effect::Close { client, .. } => {
                        assert!(self.closed.insert(client), "closed once");
                    }
                    Effect::Media(command) if self.answers => {
                        inputs.extend(self.media.carry_out(&command).into_iter().map(Input::Media));
                    }
                    Effect::History { to, .. } => assert!(!self.closed.contains(&to)),
                    Effect::Media(_)
                    | Effect::Keep(_)
                    | Effect::Happened(_)
                    | Effect::Record(_)
                    | Effect::Recording { .. }
                    | Effect::Rewind { .. }
                    | Effect::Said { .. } => {}
                }
            }
        }
    }

    fn advance(&mut self, by: Duration) {
        let until = self.elapsed + by;
        while let Some(at) = self.hub.poll_timeout().map(|at| at - self.start)
            && at <= until
        {
            self.elapsed = self.elapsed.max(at);
            self.input(Input::Timeout);
        }
        self.elapsed = until;
    }

    fn now(&self) -> Now {
        Now { at: self.start + self.elapsed, unix_ms: self.elapsed.as_secs_f64() * 1000.0 }
    }

    fn check(&self) {
        books::check(&self.hub, &self.admission, MAX_VIEWERS);
        assert!(self.hub.summaries().len() <= self.hub.rooms.len());
    }

    /// Everybody vanishes: in the end nothing is left.
    fn end(&mut self) {
        self.answers = true;
        let mut clients: Vec<_> = self.hub.cx.directory.clients.keys().copied().collect();
        clients.sort();
        for client in clients {
            self.input(Input::Gone { client, code: None });
        }
        let mut peers: Vec<_> = self.hub.cx.directory.peers.keys().copied().collect();
        peers.sort();
        for peer in peers {
            self.media.forget(peer);
            self.event(Event::Closed { peer, reason: CloseReason::ConsentExpired });
        }
        self.advance(Duration::from_secs(600));
        self.check();
        assert!(self.hub.rooms.is_empty(), "a room is left");
        assert_eq!(self.hub.poll_timeout(), None, "a timer is left");
        assert_eq!(self.admission.counts(), (0, 0));
    }
}

const REASONS: [CloseReason; 8] = [
    CloseReason::Requested,
    CloseReason::Replaced,
    CloseReason::Remote,
    CloseReason::ConnectTimeout,
    CloseReason::ConsentExpired,
    CloseReason::Dtls,
    CloseReason::Internal,
    CloseReason::Flooding,
];
