//! One session: a task that owns it, and takes requests one after the other.

use protocol::{ClientMessage, ErrorCode, LiveState, Pc};
use serde_json::json;
use tokio::sync::{mpsc, oneshot};

use super::events::{self, Event, Kind as EventKind, Stream};
use super::fragment::{self, Fragment};
use super::talk::{News, Notice, Talk};
use super::{Kind, Problem, Registry, etag, layers};

/// Streams of events that one session may have: a page needs one.
const MAX_STREAMS: usize = 4;

/// What is asked of a session, and where the answer goes.
#[derive(Debug)]
pub(crate) enum Request {
    /// PATCH with a fragment.
    Fragment { if_match: Option<String>, body: String, reply: Reply<Patched> },
    /// PATCH with the answer to our counter-offer.
    Answer { body: String, reply: Reply<()> },
    /// DELETE.
    Delete { reply: Reply<()> },
    /// POST to the events.
    Subscribe { body: String, reply: Reply<String> },
    /// DELETE of a stream of events.
    Unsubscribe { stream: String, reply: Reply<()> },
    /// GET of a stream of events.
    Listen { stream: String, reply: Reply<Stream> },
    /// POST to the layers.
    Layer { body: String, reply: Reply<()> },
}

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Problem>>;

/// What came of a fragment.
#[derive(Debug)]
pub(crate) enum Patched {
    /// Candidates were taken.
    Taken,
    /// ICE is restarted: our new fragment, and the entity-tag of the new ICE session.
    Restarted { fragment: String, etag: String },
}

/// One session.
pub(crate) struct Session {
    pub(super) id: String,
    pub(super) kind: Kind,
    /// Of the ICE session.
    pub(super) etag: String,
    /// The client's description, brought up to date by restarts.
    pub(super) remote: String,
    /// The client's username fragment, once known.
    pub(super) ufrag: Option<String>,
    /// Our counter-offer is not answered yet.
    pub(super) is_pending: bool,
    pub(super) video_index: Option<usize>,
    pub(super) news: News,
    pub(super) talk: Talk,
    pub(super) streams: Vec<(String, Stream)>,
    /// What the streams were told last.
    pub(super) was_active: bool,
    pub(super) told_layers: Option<String>,
    pub(super) told_viewers: Option<u32>,
}

impl Session {
    /// Lives until it is deleted, or its media connection is gone.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Request>, registry: &Registry) {
        let mut deleted = None;
        loop {
            tokio::select! {
                notice = self.talk.hear() => match notice {
                    Some(notice) => self.hear(notice),
                    None => break,
                },
                request = requests.recv() => match request {
                    Some(Request::Delete { reply }) => {
                        deleted = Some(reply);
                        break;
                    }
                    Some(request) => {
                        self.handle(request).await;
                        // What was said while it waited for an answer.
                        self.tell_news();
                    }
                    None => break,
                },
            }
        }
        registry.remove(&self.id);
        let is_coming_back = self.news.bye.as_deref() == Some("draining");
        if is_coming_back {
            self.tell(EventKind::Reconnect, "{}".to_owned());
        }
        for (_, stream) in &self.streams {
            stream.end(false);
        }
        tracing::info!(protocol = self.kind.as_str(), "session by HTTP is over");
        self.talk.end().await;
        // Who asks for the room next finds it without this one.
        if let Some(reply) = deleted {
            _ = reply.send(Ok(()));
        }
    }

    async fn handle(&mut self, request: Request) {
        match request {
            Request::Fragment { if_match, body, reply } => {
                _ = reply.send(self.fragment(if_match.as_deref(), &body).await);
            }
            Request::Answer { body, reply } => _ = reply.send(self.answer(body).await),
            Request::Subscribe { body, reply } => _ = reply.send(self.subscribe(&body)),
            Request::Unsubscribe { stream, reply } => {
                _ = reply.send(self.unsubscribe(&stream));
            }
            Request::Listen { stream, reply } => _ = reply.send(self.find(&stream)),
            Request::Layer { body, reply } => _ = reply.send(self.layer(&body).await),
            // `run` ends by it.
            Request::Delete { .. } => {}
        }
    }

    /// RFC 9725, section 4.3, and draft-ietf-wish-whep-03, section 4.4.
    async fn fragment(&mut self, if_match: Option<&str>, body: &str) -> Result<Patched, Problem> {
        match etag::check(if_match, &self.etag) {
            etag::Match::Holds => {}
            etag::Match::Missing => {
                let message = "an If-Match header has to name the ICE session, or * for a restart";
                let status = axum::http::StatusCode::PRECONDITION_REQUIRED;
                return Err(Problem::with(status, ErrorCode::Unexpected, message));
            }
            etag::Match::Other => {
                let message = "the entity-tag is that of another ICE session";
                let status = axum::http::StatusCode::PRECONDITION_FAILED;
                return Err(Problem::with(status, ErrorCode::Unexpected, message));
            }
        }
        let Fragment { credentials, candidates } =
            fragment::read(body).map_err(|message| Problem::new(ErrorCode::SdpBad, message))?;
        // The server is ICE-lite: it needs no candidate, and which ones cannot be used is no matter.
        let Some(credentials) = credentials else { return Ok(Patched::Taken) };
        if self.ufrag.as_ref().is_none_or(|ufrag| *ufrag == credentials.ufrag) {
            self.ufrag.get_or_insert(credentials.ufrag);
            return Ok(Patched::Taken);
        }
        if self.is_pending {
            let message = "the counter-offer is not answered yet";
            let status = axum::http::StatusCode::CONFLICT;
            return Err(Problem::with(status, ErrorCode::Unexpected, message));
        }
        let remote = fragment::restarted(&self.remote, &credentials, &candidates);
        let pc = match self.kind {
            Kind::Whip => Pc::Pub,
            Kind::Whep => Pc::Sub,
        };
        let answer = self.talk.offer(pc, remote.clone(), &mut self.news).await?;
        self.remote = remote;
        self.ufrag = Some(credentials.ufrag);
        self.etag = etag::new();
        Ok(Patched::Restarted { fragment: fragment::write(&answer), etag: self.etag.clone() })
    }

    /// draft-ietf-wish-whep-03, section 4.2.2.
    async fn answer(&mut self, body: String) -> Result<(), Problem> {
        if !self.is_pending {
            let message = "there is no counter-offer that waits for an answer";
            let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Problem::with(status, ErrorCode::Unexpected, message));
        }
        if !crate::signaling::sdp::glance(&body).is_sdp {
            let message = "the body is not a session description: it does not begin with v=0";
            return Err(Problem::new(ErrorCode::SdpBad, message));
        }
        self.talk.answer(body.clone(), &mut self.news).await?;
        self.is_pending = false;
        self.ufrag = fragment::credentials(&body).map(|it| it.ufrag);
        self.remote = body;
        Ok(())
    }

    fn subscribe(&mut self, body: &str) -> Result<String, Problem> {
        let wanted = events::read_wanted(body)
            .map_err(|message| Problem::new(ErrorCode::BadField, message))?;
        if self.streams.len() >= MAX_STREAMS {
            let message = format!("a session has {MAX_STREAMS} streams of events at most");
            return Err(Problem::new(ErrorCode::RateLimited, message));
        }
        let stream = Stream::new(wanted);
        // What is so already; that nobody publishes is told only when somebody did (4.9.1.2).
        if self.is_active() {
            stream.push(&Event { kind: EventKind::Active, data: "{}".to_owned() });
        }
        if let Some(room) = &self.news.room {
            let data = layers::describe(room, &self.news.rates, self.video_index);
            self.told_layers.get_or_insert_with(|| data.clone());
            stream.push(&Event { kind: EventKind::Layers, data });
        }
        if let Some(n) = self.news.viewers {
            self.told_viewers.get_or_insert(n);
            stream.push(&viewers(n));
        }
        let id = Registry::new_id();
        self.streams.push((id.clone(), stream));
        Ok(id)
    }

    fn unsubscribe(&mut self, id: &str) -> Result<(), Problem> {
        self.find(id)?.end(true);
        self.streams.retain(|(own, _)| own != id);
        Ok(())
    }

    fn find(&self, id: &str) -> Result<Stream, Problem> {
        let found = self.streams.iter().find(|(own, _)| own == id);
        found.map(|(_, stream)| stream.clone()).ok_or_else(|| {
            Problem::new(ErrorCode::NotFound, "there is no such stream of events, or it is over")
        })
    }

    /// draft-ietf-wish-whep-02, section 4.9.2.
    async fn layer(&mut self, body: &str) -> Result<(), Problem> {
        let none = || Problem::new(ErrorCode::RoomOffline, "nobody is live in this room");
        let room = self.news.room.as_ref().ok_or_else(none)?;
        let choice = layers::choose(body, room, self.video_index);
        let video = choice.map_err(|refusal| match refusal {
            layers::Refusal::Malformed(message) => Problem::new(ErrorCode::BadField, message),
            layers::Refusal::NoSuchLayer(message) => {
                let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
                Problem::with(status, ErrorCode::NotFound, message)
            }
        })?;
        self.talk.say(ClientMessage::Layer { video: Some(video), visible: None }).await;
        Ok(())
    }

    fn is_active(&self) -> bool {
        self.news.room.as_ref().is_some_and(|room| room.live == LiveState::Live)
    }

    fn hear(&mut self, notice: Notice) {
        if let Notice::Message(protocol::ServerMessage::Error { code, message, .. }) = &notice {
            tracing::info!(code = code.as_str(), message, "a session by HTTP was told");
        }
        self.news.take(notice);
        self.tell_news();
    }

    /// Tells the streams what is new since the last time.
    fn tell_news(&mut self) {
        let is_active = self.is_active();
        if self.was_active != is_active {
            self.was_active = is_active;
            let kind = if is_active { EventKind::Active } else { EventKind::Inactive };
            self.tell(kind, "{}".to_owned());
        }
        if let Some(room) = &self.news.room {
            let data = layers::describe(room, &self.news.rates, self.video_index);
            if self.told_layers.as_ref() != Some(&data) {
                self.told_layers = Some(data.clone());
                self.tell(EventKind::Layers, data);
            }
        }
        if self.told_viewers != self.news.viewers {
            self.told_viewers = self.news.viewers;
            if let Some(n) = self.news.viewers {
                let Event { kind, data } = viewers(n);
                self.tell(kind, data);
            }
        }
    }

    fn tell(&self, kind: EventKind, data: String) {
        let event = Event { kind, data };
        self.streams.iter().for_each(|(_, stream)| stream.push(&event));
    }
}

fn viewers(n: u32) -> Event {
    Event { kind: EventKind::ViewerCount, data: json!({ "viewercount": n }).to_string() }
}
