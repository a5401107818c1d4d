//! One session: a task that owns it, and takes requests one after the other.

use axum::http::{HeaderValue, StatusCode};
use control::{Notice, Refusal};
use protocol::{ErrorCode, LiveState, MAX_SDP_BYTES};
use sdp::Description;
use serde_json::json;
use tokio::sync::mpsc;

use super::events::{self, Event, Kind as EventKind, Stream};
use super::member::{Member, RoomView};
use super::registry::{Kind, Registry};
use super::request::{Patched, Request};
use super::{description, etag, fragment, layers, left_out, rewind};
use crate::problem::Problem;

/// Streams of events that one session may have: a page needs one.
const MAX_STREAMS: usize = 4;

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
    pub(super) view: RoomView,
    pub(super) member: Member,
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
                notice = self.member.recv() => match notice {
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
                    }
                    None => break,
                },
            }
        }
        registry.remove(&self.id);
        let is_coming_back = self.view.bye.as_deref() == Some("draining");
        if is_coming_back {
            self.tell(EventKind::Reconnect, "{}".to_owned());
        }
        for (_, stream) in &self.streams {
            stream.end(false);
        }
        tracing::debug!(protocol = self.kind.as_str(), "session over");
        self.member.leave().await;
        // Answered last: whoever asks for the room next finds it without this session.
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
            Request::Rewind { body, reply } => _ = reply.send(self.rewind(&body).await),
            // `run` ends by it.
            Request::Delete { .. } => {}
        }
    }

    /// RFC 9725, section 4.3, and draft-ietf-wish-whep-03, section 4.4.
    async fn fragment(&mut self, if_match: Option<&str>, body: &str) -> Result<Patched, Problem> {
        let credentials = fragment::read(body)?;
        // The server is ICE-lite and needs no candidate, so that nothing rests on which ICE session they are of:
        // players that send no If-Match with them are not refused.
        let asked = etag::check(if_match, &self.etag);
        let is_restart = credentials.as_ref().is_some_and(|it| self.is_restart(it.ufrag));
        match asked {
            etag::Match::Holds => {}
            etag::Match::Missing if !is_restart => {}
            etag::Match::Missing => {
                let message = "an If-Match header has to name the ICE session, or * for a restart";
                let status = StatusCode::PRECONDITION_REQUIRED;
                return Err(Problem::with(status, ErrorCode::Unexpected, message));
            }
            etag::Match::Other => {
                let message = "the entity-tag is that of another ICE session";
                let status = StatusCode::PRECONDITION_FAILED;
                return Err(Problem::with(status, ErrorCode::Unexpected, message));
            }
        }
        let Some(credentials) = credentials else { return Ok(Patched::Taken) };
        if !is_restart {
            self.ufrag.get_or_insert_with(|| credentials.ufrag.to_owned());
            return Ok(Patched::Taken);
        }
        if self.is_pending {
            let message = "the counter-offer is not answered yet";
            let status = StatusCode::CONFLICT;
            return Err(Problem::with(status, ErrorCode::Unexpected, message));
        }
        let remote = fragment::restarted(&self.remote, credentials);
        // It is kept, and longer credentials stand in for each that it had.
        if remote.len() > MAX_SDP_BYTES {
            let message =
                format!("the description is longer than {MAX_SDP_BYTES} bytes with these");
            return Err(Problem::new(ErrorCode::TooLarge, message));
        }
        let answer = match self.kind {
            Kind::Whip => self.member.publish(remote.clone()).await?,
            Kind::Whep => self.member.watch(remote.clone()).await?.answer,
        };
        self.remote = remote;
        self.ufrag = Some(credentials.ufrag.to_owned());
        self.etag = etag::new();
        let fragment = fragment::write(&answer).map_err(|_| {
            Problem::new(ErrorCode::Internal, "the answer to the restart cannot be told")
        })?;
        Ok(Patched::Restarted { fragment, etag: self.etag.clone() })
    }

    /// Whether a username fragment is that of another ICE session.
    fn is_restart(&self, ufrag: &str) -> bool {
        self.ufrag.as_ref().is_some_and(|own| own != ufrag)
    }

    /// draft-ietf-wish-whep-03, section 4.2.2.
    async fn answer(&mut self, body: String) -> Result<Option<HeaderValue>, Problem> {
        if !self.is_pending {
            let message = "there is no counter-offer that waits for an answer";
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Problem::with(status, ErrorCode::Unexpected, message));
        }
        let description = Description::parse(&body).map_err(Refusal::from)?;
        let left_out = self.member.answer(body.clone()).await?;
        let left_out = left_out::value(&left_out, &description);
        self.is_pending = false;
        self.ufrag = description::ufrag(&description);
        self.remote = body;
        Ok(left_out)
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
        let data = self.layers();
        self.told_layers.get_or_insert_with(|| data.clone());
        stream.push(&Event { kind: EventKind::Layers, data });
        if let Some(n) = self.view.viewers {
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
        let choice = layers::choose(body, &self.view.room, self.video_index);
        let video = choice.map_err(|refusal| match refusal {
            layers::Refusal::Malformed(message) => Problem::new(ErrorCode::BadField, message),
            layers::Refusal::NoSuchLayer(message) => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Problem::with(status, ErrorCode::NotFound, message)
            }
        })?;
        self.member.prefer(video).await
    }

    /// Goes back in the broadcast, or to what is live.
    async fn rewind(&mut self, body: &str) -> Result<(), Problem> {
        for wish in rewind::read(body)? {
            self.member.rewind(wish).await?;
        }
        Ok(())
    }

    fn is_active(&self) -> bool {
        self.view.room.live == LiveState::Live
    }

    fn layers(&self) -> String {
        layers::describe(&self.view.room, &self.view.rates, self.video_index)
    }

    /// Takes a notice, and tells the streams what is new.
    fn hear(&mut self, notice: Notice) {
        self.view.take(notice);
        let is_active = self.is_active();
        if self.was_active != is_active {
            self.was_active = is_active;
            let kind = if is_active { EventKind::Active } else { EventKind::Inactive };
            self.tell(kind, "{}".to_owned());
        }
        let data = self.layers();
        if self.told_layers.as_ref() != Some(&data) {
            self.told_layers = Some(data.clone());
            self.tell(EventKind::Layers, data);
        }
        if self.told_viewers != self.view.viewers {
            self.told_viewers = self.view.viewers;
            if let Some(n) = self.view.viewers {
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
