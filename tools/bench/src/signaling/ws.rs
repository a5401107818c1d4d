//! Kaibo's `/ws` (`docs/protocol.md`), in its basic profile; in that of pages where a session has more to say than
//! descriptions.

use futures_util::{SinkExt, StreamExt};
use protocol::{ClientMessage, PROTOCOL_VERSION, Pc, Role, ServerMessage};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};

use super::{Endpoint, Session};
use crate::turn::{Stage, Turn};
use synth::description::{self, Local};

/// How much of the protocol a session speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Descriptions and errors.
    Basic,
    /// All that a page says and hears.
    Page,
}

/// A page's socket.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// Goes live; returns the answer.
pub(super) async fn publish(
    endpoint: &Endpoint,
    room: &str,
    sdp: String,
    key: Option<&str>,
    profile: Profile,
) -> Result<(String, Session), String> {
    let mut socket = Socket::open(endpoint, room, "host").await?;
    let key = key.map(ToOwned::to_owned);
    let offer = match profile {
        Profile::Basic => ClientMessage::Offer { sdp, pc: None, neg: None, key },
        Profile::Page => {
            socket.greet(Role::Host, key).await?;
            socket.send(&ClientMessage::Golive {}).await?;
            ClientMessage::Offer { sdp, pc: Some(Pc::Pub), neg: Some(1), key: None }
        }
    };
    socket.send(&offer).await?;
    loop {
        match (socket.recv().await?, profile) {
            (ServerMessage::Answer { sdp, .. }, _) => {
                return Ok((sdp, Session::Ws(Box::new(socket))));
            }
            (_, Profile::Page) => {}
            (_, Profile::Basic) => return Err("something else than an answer".to_owned()),
        }
    }
}

/// Answers the server's offer; returns it.
pub(super) async fn watch(
    endpoint: &Endpoint,
    room: &str,
    local: &Local,
    profile: Profile,
) -> Result<(String, Session), String> {
    let mut socket = Socket::open(endpoint, room, "fan").await?;
    if profile == Profile::Page {
        socket.greet(Role::Fan, None).await?;
    }
    let (offer, pc, neg) = loop {
        match (socket.recv().await?, profile) {
            (ServerMessage::Offer { sdp, pc, neg }, _) => break (sdp, pc, neg),
            (_, Profile::Page) => {}
            (_, Profile::Basic) => return Err("something else than an offer".to_owned()),
        }
    };
    let sdp = description::answer(&offer, local)?;
    socket.send(&ClientMessage::Answer { sdp, pc, neg }).await?;
    Ok((offer, Session::Ws(Box::new(socket))))
}

impl Socket {
    async fn open(endpoint: &Endpoint, room: &str, role: &str) -> Result<Self, String> {
        let join = if endpoint.url.contains('?') { '&' } else { '?' };
        let url =
            format!("{}{join}room={room}&role={role}", endpoint.url.replace(super::ROOM, room));
        let stream = endpoint.connect().await?;
        // A thousand sockets with the default buffer of 128 KiB would be most of our memory.
        let config = WebSocketConfig::default().read_buffer_size(8 * 1_024);
        let opened = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await;
        let (socket, _) = opened.map_err(|it| it.to_string())?;
        Ok(Self(socket))
    }

    /// Says what the page is, and waits for the server's welcome.
    async fn greet(&mut self, role: Role, key: Option<String>) -> Result<(), String> {
        let hello = ClientMessage::Hello {
            v: PROTOCOL_VERSION,
            role: Some(role),
            room: None,
            name: None,
            key,
            secret: None,
            invite: None,
            resume: None,
            lang: None,
            caps: None,
        };
        self.send(&hello).await?;
        while !matches!(self.recv().await?, ServerMessage::Welcome { .. }) {}
        Ok(())
    }

    async fn send(&mut self, message: &ClientMessage) -> Result<(), String> {
        let text = serde_json::to_string(message).map_err(|it| it.to_string())?;
        self.0.send(Message::text(text)).await.map_err(|it| it.to_string())
    }

    /// The next message; an error that the server tells is one.
    async fn recv(&mut self) -> Result<ServerMessage, String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message = serde_json::from_str(&text).map_err(|it| it.to_string())?;
                    if let ServerMessage::Error { code, .. } = message {
                        return Err(code.as_str().to_owned());
                    }
                    return Ok(message);
                }
                Some(Ok(Message::Close(_))) | None => return Err("closed".to_owned()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
            }
        }
    }

    /// Answers the server's pings until the run ends, then leaves. Says what it has to when half of the time is over.
    pub(super) async fn hold(
        mut self,
        mut stage: watch::Receiver<Stage>,
        mut turn: Option<Turn<'_>>,
    ) {
        let mut said = turn.is_none();
        loop {
            let is_next = |it: &Stage| *it == Stage::Over || (*it == Stage::Second && !said);
            let next = async { stage.wait_for(is_next).await.map(|it| *it) };
            tokio::select! {
                next = next => match (next, &turn) {
                    (Ok(Stage::Second), Some(turn)) => {
                        said = true;
                        if let Err(error) = self.send(&turn.message).await {
                            turn.totals.note(&error);
                        }
                    }
                    _ => break,
                },
                message = self.0.next() => match message {
                    Some(Ok(Message::Text(text))) if said => {
                        if let Some(turn) = &mut turn {
                            turn.hear(&text);
                        }
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return,
                },
            }
        }
        _ = self.send(&ClientMessage::Leave {}).await;
        let frame = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        _ = self.0.close(Some(frame)).await;
    }
}
