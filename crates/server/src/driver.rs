//! The one task that owns the [`Hub`]: inputs come by channel, actions go out to sockets and to the
//! media plane.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use engine::Event;
use protocol::{RoomInfo, RoomName, RoomSummary};
use tokio::sync::{mpsc, oneshot};

use crate::media::Media;
use crate::outbox::Outbox;
use crate::signaling::{Action, Caller, Hub, Input, Now, SocketId, SocketQuery};
use crate::wish;

/// Inputs of sockets waiting for the hub, which takes microseconds for each. When it is full, the
/// sockets wait, and stop reading.
const INPUTS: usize = 1024;

/// Events of the media plane waiting for the hub. The media thread must not wait and no event may be
/// lost, so there is room for some of every peer at once (all of them closing, say).
const EVENTS: usize = 64 * 1024;

/// Where what a participant is told goes to.
#[derive(Debug)]
pub(crate) enum Mailbox {
    /// A WebSocket.
    Socket(Outbox),
    /// The task of a session by HTTP.
    Session(wish::Sender),
}

/// What other tasks may ask of the hub's task.
#[derive(Debug)]
enum Request {
    Open(SocketId, Caller, SocketQuery, Mailbox),
    Input(Input),
    Rooms(oneshot::Sender<Vec<RoomSummary>>),
    Room(RoomName, oneshot::Sender<Option<RoomInfo>>),
    Drain(oneshot::Sender<()>),
}

/// Speaks to the hub's task.
#[derive(Debug, Clone)]
pub(crate) struct HubHandle(mpsc::Sender<Request>);

impl HubHandle {
    /// A socket was opened, or a session by HTTP; what it is told goes to the mailbox.
    pub(crate) async fn open(
        &self,
        socket: SocketId,
        caller: Caller,
        query: SocketQuery,
        mailbox: Mailbox,
    ) {
        self.request(Request::Open(socket, caller, query, mailbox)).await;
    }

    /// A socket said something, or is gone.
    pub(crate) async fn input(&self, input: Input) {
        self.request(Request::Input(input)).await;
    }

    /// The rooms with something to watch; none when the hub has stopped.
    pub(crate) async fn rooms(&self) -> Option<Vec<RoomSummary>> {
        let (reply, rooms) = oneshot::channel();
        self.request(Request::Rooms(reply)).await;
        rooms.await.ok()
    }

    /// What is known of one room, if anybody is in it; nothing when the hub has stopped.
    pub(crate) async fn room(&self, name: RoomName) -> Option<Option<RoomInfo>> {
        let (reply, room) = oneshot::channel();
        self.request(Request::Room(name, reply)).await;
        room.await.ok()
    }

    /// Says goodbye to every socket.
    pub(crate) async fn drain(&self) {
        let (reply, done) = oneshot::channel();
        self.request(Request::Drain(reply)).await;
        _ = done.await;
    }

    async fn request(&self, request: Request) {
        // The hub's task outlives the sockets; when it is gone the process is about to be.
        _ = self.0.send(request).await;
    }
}

/// Where the media plane leaves its events.
#[derive(Debug, Clone)]
pub struct EventSink(mpsc::Sender<Event>);

impl EventSink {
    /// Passes an event on. Never blocks.
    pub fn send(&self, event: Event) {
        if let Err(mpsc::error::TrySendError::Full(event)) = self.0.try_send(event) {
            // Beyond every load we know: the books are wrong from here on.
            tracing::error!(?event, "event of the media plane lost");
        }
    }
}

/// The ends of the hub's channels.
#[derive(Debug)]
pub(crate) struct Channels {
    requests: mpsc::Receiver<Request>,
    events: mpsc::Receiver<Event>,
}

/// Makes the channels to and from the hub's task.
pub(crate) fn channels() -> (HubHandle, EventSink, Channels) {
    let (to_hub, requests) = mpsc::channel(INPUTS);
    let (sink, events) = mpsc::channel(EVENTS);
    (HubHandle(to_hub), EventSink(sink), Channels { requests, events })
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
pub(crate) async fn run(hub: Hub, media: Arc<dyn Media>, mut channels: Channels) -> Ended {
    let mut driver = Driver { hub, media, mailboxes: HashMap::new() };
    loop {
        let timeout = driver.hub.poll_timeout();
        let sleep = async {
            match timeout {
                Some(at) => tokio::time::sleep_until(at.into()).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            request = channels.requests.recv() => match request {
                Some(request) => driver.handle_request(request),
                None => return Ended::Unused,
            },
            event = channels.events.recv() => match event {
                Some(event) => driver.handle(Input::Media(event)),
                None => return Ended::MediaGone,
            },
            () = sleep => driver.handle(Input::Timeout),
        }
    }
}

struct Driver {
    hub: Hub,
    media: Arc<dyn Media>,
    mailboxes: HashMap<SocketId, Mailbox>,
}

impl Driver {
    fn handle_request(&mut self, request: Request) {
        match request {
            Request::Open(socket, caller, query, mailbox) => {
                self.mailboxes.insert(socket, mailbox);
                self.handle(Input::Opened { socket, caller, query });
            }
            Request::Input(input) => {
                if let Input::Closed { socket, .. } = &input {
                    self.mailboxes.remove(socket);
                }
                self.handle(input);
            }
            Request::Rooms(reply) => _ = reply.send(self.hub.summaries()),
            Request::Room(name, reply) => _ = reply.send(self.hub.room_info(&name)),
            Request::Drain(reply) => {
                self.handle(Input::Drain);
                _ = reply.send(());
            }
        }
    }

    fn handle(&mut self, input: Input) {
        self.hub.handle(input, now());
        while let Some(action) = self.hub.poll_action() {
            match action {
                Action::Send { socket, message } => {
                    if let Some(mailbox) = self.mailboxes.get(&socket) {
                        mailbox.send(message);
                    }
                }
                Action::Negotiated { socket } => {
                    if let Some(Mailbox::Session(to)) = self.mailboxes.get(&socket) {
                        to.send(wish::Notice::Negotiated);
                    }
                }
                Action::Rates { socket, rates } => {
                    if let Some(Mailbox::Session(to)) = self.mailboxes.get(&socket) {
                        to.send(wish::Notice::Rates(rates));
                    }
                }
                Action::Close { socket, code } => match self.mailboxes.remove(&socket) {
                    Some(Mailbox::Socket(outbox)) => outbox.close(code),
                    // Its end is that the mailbox is gone.
                    Some(Mailbox::Session(_)) | None => {}
                },
                Action::Media(command) => self.media.command(command),
            }
        }
    }
}

impl Mailbox {
    fn send(&self, message: protocol::ServerMessage) {
        match self {
            Self::Socket(outbox) => _ = outbox.send(&message),
            Self::Session(to) => to.send(wish::Notice::Message(message)),
        }
    }
}

fn now() -> Now {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let unix_ms = (since_epoch.as_secs_f64() * 1000.0).floor();
    Now { at: Instant::now(), unix_ms }
}
