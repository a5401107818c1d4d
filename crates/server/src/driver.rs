//! The one task that owns the [`Hub`]: inputs come by channel, effects go out to clients and to the media plane.
//!
//! [`HubClient`] is how doors speak to it: a WebSocket in frames, WHIP and WHEP in typed requests that are answered.

mod asks;
mod tells;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use auth::{Credential, Secret, Shown};
use axum::extract::ws::Utf8Bytes;
use control::{
    ClientId, Effect, Figures, Hub, Input, Join, Lines, Notice, Now, Refusal, Reply, Request,
    RequestId, RoomSessions, Seen,
};
use media_api::{Codec, Event, PeerId};
use protocol::{
    ClientFrame, ErrorCode, IceServer, LayerName, RoomInfo, RoomName, RoomState, RoomSummary,
    ServerMessage,
};
use record::TapQueue;
use tokio::sync::{mpsc, oneshot};

use crate::happenings::Happenings;
use crate::keep::Keeper;
use crate::media::{EventSink, Media};
use crate::past::Past;
use crate::whip_whep;
use crate::ws::{Outbox, serialize};

/// Inputs that wait for the hub, which takes microseconds for each. When it is full, doors wait, and stop reading.
const INPUTS: usize = 1024;

/// Events of the media plane that wait for the hub. The media thread must not wait and no event may be lost, so
/// there is room for some of every peer at once (all of them closing, say).
const EVENTS: usize = 64 * 1024;

/// How long a request may take: the control plane and the media plane take milliseconds.
const REPLY_WITHIN: Duration = Duration::from_secs(5);

/// Replies awaited before those are forgotten that nobody waits for any more.
const REPLIES: usize = 1024;

/// Where a client is told things.
#[derive(Debug)]
enum Mailbox {
    /// The outbox of a WebSocket.
    Socket(Outbox),
    /// The task of a session of WHIP or WHEP.
    Session(whip_whep::Sender),
}

/// What doors say to the hub's task.
#[derive(Debug)]
enum Message {
    Connect(ClientId, Join, Outbox),
    Join(ClientId, Join, Credential, whip_whep::Sender, ReplySender),
    Frame(ClientId, Box<ClientFrame>),
    Request(ClientId, Request, ReplySender),
    Gone(ClientId, Option<u16>),
    Cover(RoomName, Option<u32>),
    Recording(RoomName, Result<bool, String>),
    Rewound(PeerId, Option<f64>),
    Seen(RoomName, Seen),
    Rules(Option<RoomName>),
    Configure(Box<control::Config>),
    Shown(ClientId, Option<Secret>, Option<Shown>),
    Rooms(oneshot::Sender<Vec<RoomSummary>>),
    Room(RoomName, oneshot::Sender<Option<RoomInfo>>),
    RoomForOperator(RoomName, oneshot::Sender<Option<RoomInfo>>),
    Figures(oneshot::Sender<Figures>),
    Sessions(RoomName, oneshot::Sender<Option<RoomSessions>>),
    HasRoom(RoomName, oneshot::Sender<bool>),
    Kick(RoomName, u64, oneshot::Sender<bool>),
    Ping(oneshot::Sender<()>),
    Drain(oneshot::Sender<()>),
}

type ReplySender = oneshot::Sender<Result<Reply, Refusal>>;

/// Speaks to the hub's task. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct HubClient {
    messages: mpsc::Sender<Message>,
    last_client: Arc<AtomicU64>,
}

/// A session of WHIP or WHEP that has joined.
#[derive(Debug)]
pub(crate) struct Joined {
    pub(crate) room: RoomState,
    pub(crate) ice_servers: Vec<IceServer>,
}

/// A viewer whose offer was answered.
#[derive(Debug)]
pub(crate) struct Watching {
    pub(crate) answer: String,
    /// What of the broadcast its offer does not take.
    pub(crate) left_out: Vec<Codec>,
}

impl HubClient {
    /// A name for a new client.
    pub(crate) fn new_client(&self) -> ClientId {
        ClientId(self.last_client.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A WebSocket was opened.
    pub(crate) async fn connect(&self, client: ClientId, join: Join, outbox: Outbox) {
        self.say(Message::Connect(client, join, outbox)).await;
    }

    /// A WebSocket said something.
    pub(crate) async fn frame(&self, client: ClientId, frame: Box<ClientFrame>) {
        self.say(Message::Frame(client, frame)).await;
    }

    /// A client is gone; `code` is that of its close frame.
    pub(crate) async fn gone(&self, client: ClientId, code: Option<u16>) {
        self.say(Message::Gone(client, code)).await;
    }

    /// As [`HubClient::gone`], where nothing can be awaited: another task waits for the hub.
    pub(crate) fn gone_at_once(&self, client: ClientId) {
        let hub = self.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { hub.gone(client, None).await });
        }
    }

    /// Makes a client a member of a room; what the room tells goes to `mailbox`.
    pub(crate) async fn join(
        &self,
        client: ClientId,
        join: Join,
        credential: Credential,
        mailbox: whip_whep::Sender,
    ) -> Result<Joined, Refusal> {
        let say = |reply| Message::Join(client, join, credential, mailbox, reply);
        match self.ask(say).await? {
            Reply::Joined { room, ice_servers } => Ok(Joined { room, ice_servers }),
            Reply::Description(_) | Reply::Watching { .. } | Reply::Done => Err(no_reply()),
        }
    }

    /// Publishes, or restarts what is published; the answer.
    pub(crate) async fn publish(&self, client: ClientId, offer: String) -> Result<String, Refusal> {
        self.description(client, Request::Publish { offer }).await
    }

    /// Watches, or restarts what is watched.
    pub(crate) async fn watch(&self, client: ClientId, offer: String) -> Result<Watching, Refusal> {
        match self.request(client, Request::Watch { offer: Some(offer) }).await? {
            Reply::Watching { sdp: Some(answer), left_out } => Ok(Watching { answer, left_out }),
            _ => Err(no_reply()),
        }
    }

    /// Watches by an offer of the server: this one.
    pub(crate) async fn counter_offer(&self, client: ClientId) -> Result<String, Refusal> {
        self.description(client, Request::Watch { offer: None }).await
    }

    /// Answers the server's offer; what of the broadcast is left out.
    pub(crate) async fn answer(
        &self,
        client: ClientId,
        sdp: String,
    ) -> Result<Vec<Codec>, Refusal> {
        match self.request(client, Request::Answer { sdp }).await? {
            Reply::Watching { left_out, .. } => Ok(left_out),
            // The offer was withdrawn meanwhile.
            Reply::Done => Ok(Vec::new()),
            Reply::Joined { .. } | Reply::Description(_) => Err(no_reply()),
        }
    }

    /// Asks for at most this layer.
    pub(crate) async fn prefer(&self, client: ClientId, video: LayerName) -> Result<(), Refusal> {
        self.request(client, Request::Prefer { video }).await.map(drop)
    }

    /// Whether the hub's task takes messages.
    pub(crate) async fn is_running(&self) -> bool {
        let (reply, pong) = oneshot::channel();
        self.say(Message::Ping(reply)).await;
        pong.await.is_ok()
    }

    /// Says goodbye to every client.
    pub(crate) async fn drain(&self) {
        let (reply, done) = oneshot::channel();
        self.say(Message::Drain(reply)).await;
        _ = done.await;
    }

    async fn description(&self, client: ClientId, request: Request) -> Result<String, Refusal> {
        match self.request(client, request).await? {
            Reply::Description(sdp) => Ok(sdp),
            Reply::Joined { .. } | Reply::Watching { .. } | Reply::Done => Err(no_reply()),
        }
    }

    async fn request(&self, client: ClientId, request: Request) -> Result<Reply, Refusal> {
        self.ask(|reply| Message::Request(client, request, reply)).await
    }

    async fn ask(&self, say: impl FnOnce(ReplySender) -> Message) -> Result<Reply, Refusal> {
        let (reply, answer) = oneshot::channel();
        self.say(say(reply)).await;
        match tokio::time::timeout(REPLY_WITHIN, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(stopping()),
            Err(_) => Err(no_reply()),
        }
    }

    async fn say(&self, message: Message) {
        // When the hub's task is gone the process is about to end.
        _ = self.messages.send(message).await;
    }
}

fn stopping() -> Refusal {
    Refusal::new(ErrorCode::Draining, "the server is stopping").retry_ms(2_000)
}

fn no_reply() -> Refusal {
    tracing::error!("a request was not answered within {} s", REPLY_WITHIN.as_secs());
    Refusal::new(ErrorCode::Internal, "the server did not answer itself in time")
}

/// The ends of the hub's channels.
#[derive(Debug)]
pub(crate) struct Channels {
    messages: mpsc::Receiver<Message>,
    events: mpsc::Receiver<Event>,
}

/// Makes the channels to and from the hub's task.
pub(crate) fn channels(tap: TapQueue, past: Past) -> (HubClient, EventSink, Channels) {
    let (to_hub, messages) = mpsc::channel(INPUTS);
    let (sink, events) = mpsc::channel(EVENTS);
    let client = HubClient { messages: to_hub, last_client: Arc::default() };
    (client, EventSink::new(sink, tap, past), Channels { messages, events })
}

/// Why the hub's task ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nobody can speak to it any more.
    Unused,
    /// The media plane has dropped its end: it is gone.
    MediaGone,
}

/// Runs the hub until nobody speaks to it any more, or the media plane is gone.
pub(crate) async fn run(
    hub: Hub,
    media: Arc<dyn Media>,
    keeper: Keeper,
    happenings: Happenings,
    mut channels: Channels,
) -> Ended {
    let mut driver = Driver {
        hub,
        media,
        keeper,
        happenings,
        mailboxes: HashMap::new(),
        replies: HashMap::new(),
        last_request: 0,
    };
    loop {
        let timeout = driver.hub.poll_timeout();
        let sleep = async {
            match timeout {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            message = channels.messages.recv() => match message {
                Some(message) => driver.hear(message),
                None => return Ended::Unused,
            },
            event = channels.events.recv() => match event {
                Some(event) => driver.happen(event),
                None => return Ended::MediaGone,
            },
            () = sleep => driver.handle(Input::Timeout),
        }
    }
}

struct Driver {
    hub: Hub,
    media: Arc<dyn Media>,
    keeper: Keeper,
    happenings: Happenings,
    mailboxes: HashMap<ClientId, Mailbox>,
    /// Who waits for which reply; for a join also the client that asked.
    replies: HashMap<RequestId, (ReplySender, Option<ClientId>)>,
    last_request: u64,
}

impl Driver {
    fn hear(&mut self, message: Message) {
        match message {
            Message::Connect(client, join, outbox) => {
                self.mailboxes.insert(client, Mailbox::Socket(outbox));
                self.handle(Input::Connected { client, join });
            }
            Message::Join(client, join, credential, mailbox, reply) => {
                self.mailboxes.insert(client, Mailbox::Session(mailbox));
                let request = Request::Join { join, credential };
                self.request(client, request, reply, Some(client));
            }
            Message::Frame(client, frame) => self.handle(Input::Frame { client, frame }),
            Message::Request(client, request, reply) => {
                self.request(client, request, reply, None);
            }
            Message::Gone(client, code) => {
                self.mailboxes.remove(&client);
                self.handle(Input::Gone { client, code });
            }
            Message::Cover(room, version) => self.handle(Input::Cover { room, version }),
            Message::Rewound(peer, at) => self.handle(Input::Rewound { peer, at }),
            Message::Recording(room, on) => self.handle(Input::Recording { room, on }),
            Message::Seen(room, seen) => self.handle(Input::Seen { room, seen }),
            Message::Rules(room) => self.handle(Input::Rules { room }),
            Message::Configure(config) => self.handle(Input::Configure(config)),
            Message::Shown(client, token, shown) => {
                self.handle(Input::Shown { client, token, shown });
            }
            Message::Rooms(reply) => _ = reply.send(self.hub.summaries()),
            Message::Room(name, reply) => _ = reply.send(self.hub.room_info(&name)),
            Message::RoomForOperator(name, reply) => {
                _ = reply.send(self.hub.room_for_operator(&name));
            }
            Message::Figures(reply) => _ = reply.send(self.hub.figures()),
            Message::Sessions(room, reply) => _ = reply.send(self.hub.sessions(&room)),
            Message::HasRoom(room, reply) => _ = reply.send(self.hub.has_room(&room)),
            Message::Kick(room, session, reply) => {
                let sessions = self.hub.sessions(&room).map(|it| it.sessions).unwrap_or_default();
                let is_there = sessions.iter().any(|it| it.id == session);
                self.handle(Input::Kick { room, session });
                _ = reply.send(is_there);
            }
            Message::Ping(reply) => _ = reply.send(()),
            Message::Drain(reply) => {
                self.handle(Input::Drain);
                _ = reply.send(());
            }
        }
    }

    /// The media plane reports.
    fn happen(&mut self, event: Event) {
        if let Event::Closed { peer, .. } | Event::PastOver { peer } = &event {
            self.happenings.end_past(*peer);
        }
        self.handle(Input::Media(event));
    }

    fn request(
        &mut self,
        client: ClientId,
        request: Request,
        reply: ReplySender,
        joins: Option<ClientId>,
    ) {
        if self.replies.len() >= REPLIES {
            self.replies.retain(|_, (reply, _)| !reply.is_closed());
        }
        self.last_request += 1;
        let id = RequestId(self.last_request);
        self.replies.insert(id, (reply, joins));
        self.handle(Input::Request { client, id, request });
    }

    fn handle(&mut self, input: Input) {
        self.hub.handle(input, now());
        while let Some(effect) = self.hub.poll_effect() {
            match effect {
                Effect::Send { to, message } => {
                    if let Some(mailbox) = self.mailboxes.get(&to) {
                        mailbox.send(message);
                    }
                }
                Effect::Broadcast { to, notice } => self.broadcast(&to, &notice),
                Effect::History { to, lines } => {
                    if let Some(Mailbox::Socket(outbox)) = self.mailboxes.get(&to) {
                        outbox.push(lines.message(), shared(&lines));
                    }
                }
                Effect::Reply { id, result } => {
                    if let Some((reply, joins)) = self.replies.remove(&id) {
                        let is_in = result.is_ok();
                        let is_told = reply.send(result).is_ok();
                        if let Some(client) = joins.filter(|_| !is_in || !is_told) {
                            self.mailboxes.remove(&client);
                            if is_in {
                                // Its caller is gone: nobody would end the session.
                                let code = Some(whip_whep::GOING_AWAY);
                                self.hub.handle(Input::Gone { client, code }, now());
                            }
                        }
                    }
                }
                Effect::Close { client, code } => match self.mailboxes.remove(&client) {
                    Some(Mailbox::Socket(outbox)) => outbox.close(code),
                    // The session ends when its mailbox is dropped.
                    Some(Mailbox::Session(_)) | None => {}
                },
                Effect::Media(command) => self.media.command(command),
                Effect::Keep(saved) => self.keeper.save(&saved),
                Effect::Happened(event) => self.happenings.tell(*event),
                Effect::Record(record) => self.happenings.save(&record),
                Effect::Said { room, said } => self.happenings.said(&room, *said),
                Effect::Rewind { room, peer, wish } => self.happenings.rewind(room, peer, wish),
                Effect::Recording { room, id, on } => {
                    self.happenings.wish_recording(room, id, on);
                }
            }
        }
    }

    /// Tells many the same: a message is serialised once.
    fn broadcast(&self, to: &[ClientId], notice: &Notice) {
        let mut text: Option<Utf8Bytes> = None;
        for mailbox in to.iter().filter_map(|client| self.mailboxes.get(client)) {
            match (mailbox, notice) {
                (Mailbox::Socket(outbox), Notice::Message(message)) => {
                    let text = text.get_or_insert_with(|| serialize(message));
                    outbox.push(message, text.clone());
                }
                (Mailbox::Socket(_), Notice::Rates(_)) => {}
                (Mailbox::Session(mailbox), notice) => mailbox.send(notice.clone()),
            }
        }
    }
}

impl Mailbox {
    fn send(&self, message: ServerMessage) {
        match self {
            Self::Socket(outbox) => outbox.send(&message),
            Self::Session(mailbox) => mailbox.send(Notice::Message(message)),
        }
    }
}

/// The text frame of lines that many are sent: it is made once.
fn shared(lines: &Lines) -> Utf8Bytes {
    let text = lines.text(|message| serialize(message).into());
    Utf8Bytes::try_from(text).expect("it was text")
}

/// The time, for the hub.
pub(crate) fn now() -> Now {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let unix_ms = (since_epoch.as_secs_f64() * 1000.0).floor();
    Now { at: Instant::now(), unix_ms }
}

#[cfg(test)]
mod tests;
