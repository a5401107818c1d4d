//! Kaibo's `/ws` (`docs/protocol.md`), in its basic profile.

use futures_util::{SinkExt, StreamExt};
use protocol::{ClientMessage, ServerMessage};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};

use super::{Endpoint, Session};
use synth::description::{self, Local};

/// A page's socket.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

/// Goes live; returns the answer.
pub(super) async fn publish(
    endpoint: &Endpoint,
    room: &str,
    sdp: String,
    key: Option<&str>,
) -> Result<(String, Session), String> {
    let mut socket = Socket::open(endpoint, room, "host").await?;
    let key = key.map(ToOwned::to_owned);
    socket.send(&ClientMessage::Offer { sdp, pc: None, neg: None, key }).await?;
    match socket.recv().await? {
        ServerMessage::Answer { sdp, .. } => Ok((sdp, Session::Ws(Box::new(socket)))),
        _ => Err("something else than an answer".to_owned()),
    }
}

/// Answers the server's offer; returns it.
pub(super) async fn watch(
    endpoint: &Endpoint,
    room: &str,
    local: &Local,
) -> Result<(String, Session), String> {
    let mut socket = Socket::open(endpoint, room, "fan").await?;
    let ServerMessage::Offer { sdp: offer, pc, neg } = socket.recv().await? else {
        return Err("something else than an offer".to_owned());
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

    /// Answers the server's pings until the run ends, then leaves.
    pub(super) async fn hold(mut self, mut stop: watch::Receiver<bool>) {
        loop {
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                message = self.0.next() => match message {
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
