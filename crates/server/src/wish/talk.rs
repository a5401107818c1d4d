//! What a session by HTTP and the control plane say to each other.

use std::time::Duration;

use engine::LayerRate;
use protocol::{ClientFrame, ClientMessage, ErrorCode, Pc, RoomState, ServerMessage};
use tokio::sync::mpsc;

use super::Problem;
use crate::driver::HubHandle;
use crate::signaling::{Input, SocketId};

/// Notices that wait for a session's task, which takes microseconds for each. What a room says in a
/// minute; when it is full the newest is dropped, and with it a state that the next one makes up for.
const NOTICES: usize = 256;

/// How long the control plane and the media plane may take for an answer: they take milliseconds.
const WITHIN: Duration = Duration::from_secs(5);

/// What a session is told.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are messages: a box would allocate for each"
)]
pub(crate) enum Notice {
    /// What a page would be told.
    Message(ServerMessage),
    /// Its answer was taken.
    Negotiated,
    /// What each layer takes, best first.
    Rates(Vec<LayerRate>),
}

/// Where notices for a session are left. When it is dropped, the session is over.
#[derive(Debug)]
pub(crate) struct Sender(mpsc::Sender<Notice>);

impl Sender {
    /// Leaves a notice. Never blocks.
    pub(crate) fn send(&self, notice: Notice) {
        if let Err(mpsc::error::TrySendError::Full(notice)) = self.0.try_send(notice) {
            tracing::warn!(?notice, "a session by HTTP does not keep up");
        }
    }
}

/// A mailbox and where it is filled.
pub(crate) fn mailbox() -> (Sender, mpsc::Receiver<Notice>) {
    let (sender, receiver) = mpsc::channel(NOTICES);
    (Sender(sender), receiver)
}

/// What the control plane said that is no answer to a question.
#[derive(Debug, Default)]
pub(crate) struct News {
    /// The room as it is now.
    pub(crate) room: Option<RoomState>,
    /// What each layer takes.
    pub(crate) rates: Vec<LayerRate>,
    /// How many watch.
    pub(crate) viewers: Option<u32>,
    /// Why the session is about to end, when it was said.
    pub(crate) bye: Option<String>,
}

/// One participant's line to the control plane. When it is dropped without [`Talk::end`], the control
/// plane is told as well, a moment later.
#[derive(Debug)]
pub(crate) struct Talk {
    hub: HubHandle,
    socket: SocketId,
    inbox: mpsc::Receiver<Notice>,
    last_id: u32,
    is_over: bool,
}

impl Talk {
    pub(crate) fn new(hub: HubHandle, socket: SocketId, inbox: mpsc::Receiver<Notice>) -> Self {
        Self { hub, socket, inbox, last_id: 0, is_over: false }
    }

    /// The next notice; `None` when the session is over.
    pub(crate) async fn hear(&mut self) -> Option<Notice> {
        self.inbox.recv().await
    }

    /// Says something that is answered by an error or not at all.
    pub(crate) async fn say(&mut self, message: ClientMessage) -> u32 {
        self.last_id += 1;
        let id = Some(self.last_id.into());
        let frame = Box::new(ClientFrame { id, room: None, message });
        self.hub.input(Input::Frame { socket: self.socket, frame }).await;
        self.last_id
    }

    /// Makes an offer; the answer to it. What else was said meanwhile goes to `news`.
    pub(crate) async fn offer(
        &mut self,
        pc: Pc,
        sdp: String,
        news: &mut News,
    ) -> Result<String, Problem> {
        let neg = Some(self.last_id + 1);
        let message = ClientMessage::Offer { sdp, pc: Some(pc), neg, key: None };
        let id = self.say(message).await;
        let is_answer = |notice: &Notice| matches!(notice, Notice::Message(ServerMessage::Answer { neg: found, .. }) if *found == neg);
        match self.wait(Some(id), is_answer, news).await? {
            Notice::Message(ServerMessage::Answer { sdp, .. }) => Ok(sdp),
            _ => Err(Problem::draining()),
        }
    }

    /// Asks for an offer.
    pub(crate) async fn ask_for_offer(&mut self, news: &mut News) -> Result<String, Problem> {
        self.say(ClientMessage::Restart { pc: Some(Pc::Sub) }).await;
        let is_offer = |it: &Notice| matches!(it, Notice::Message(ServerMessage::Offer { .. }));
        match self.wait(None, is_offer, news).await? {
            Notice::Message(ServerMessage::Offer { sdp, .. }) => Ok(sdp),
            _ => Err(Problem::draining()),
        }
    }

    /// Answers the offer that was asked for.
    pub(crate) async fn answer(&mut self, sdp: String, news: &mut News) -> Result<(), Problem> {
        let message = ClientMessage::Answer { sdp, pc: Some(Pc::Sub), neg: None };
        self.say(message).await;
        self.wait(None, |it| matches!(it, Notice::Negotiated), news).await?;
        Ok(())
    }

    /// The welcome, which comes by itself.
    pub(crate) async fn welcome(&mut self, news: &mut News) -> Result<ServerMessage, Problem> {
        let is = |it: &Notice| matches!(it, Notice::Message(ServerMessage::Welcome { .. }));
        match self.wait(None, is, news).await? {
            Notice::Message(message) => Ok(message),
            Notice::Negotiated | Notice::Rates(_) => Err(Problem::draining()),
        }
    }

    /// Waits for a notice. An error that repeats `id`, or any when there is none, ends it.
    async fn wait(
        &mut self,
        id: Option<u32>,
        is_it: impl Fn(&Notice) -> bool,
        news: &mut News,
    ) -> Result<Notice, Problem> {
        let wait = async {
            while let Some(notice) = self.inbox.recv().await {
                if is_it(&notice) {
                    return Ok(notice);
                }
                match notice {
                    Notice::Message(ServerMessage::Error {
                        code, message, re, retry_ms, ..
                    }) if id.is_none() || re == id.map(Into::into) => {
                        let mut problem = Problem::new(code, message);
                        problem.retry_after = retry_ms.map(|ms| ms.div_ceil(1000));
                        return Err(problem);
                    }
                    other => news.take(other),
                }
            }
            Err(Problem::draining())
        };
        tokio::time::timeout(WITHIN, wait).await.unwrap_or_else(|_| {
            tracing::error!(socket = %self.socket, "no answer to a session by HTTP");
            Err(Problem::new(ErrorCode::Internal, "the server did not answer itself in time"))
        })
    }

    /// Leaves: what it published or watched ends now.
    pub(crate) async fn end(mut self) {
        self.is_over = true;
        // As a page whose tab is closed.
        self.hub.input(Input::Closed { socket: self.socket, code: Some(1001) }).await;
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        if !self.is_over {
            let (hub, socket) = (self.hub.clone(), self.socket);
            // Nothing is left to wait for when the runtime ends.
            if let Ok(runtime) = tokio::runtime::Handle::try_current() {
                runtime.spawn(async move {
                    hub.input(Input::Closed { socket, code: Some(1001) }).await;
                });
            }
        }
    }
}

impl News {
    /// Takes what is news.
    pub(crate) fn take(&mut self, notice: Notice) {
        let message = match notice {
            Notice::Message(message) => message,
            Notice::Rates(rates) => return self.rates = rates,
            Notice::Negotiated => return,
        };
        match message {
            ServerMessage::State(room) | ServerMessage::Welcome { room, .. } => {
                self.room = Some(room);
            }
            ServerMessage::Viewers { n, .. } => self.viewers = Some(n),
            ServerMessage::Bye { reason, .. } => self.bye = Some(reason),
            _ => {}
        }
    }
}
