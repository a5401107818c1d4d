//! A raw `/ws` connection (`docs/protocol.md`) that sends any JSON, also what no type of `protocol` allows.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::stream::Stream;
use crate::target::{Manner, Requester, Target};

/// A WebSocket.
#[derive(Debug)]
pub(crate) struct Page(WebSocketStream<Stream>);

impl Page {
    /// Opens one; `query` stands behind `/ws`.
    pub(crate) async fn open(
        target: &Target,
        requester: &Requester,
        manner: Manner,
        query: &str,
        patience: Duration,
    ) -> Result<Self, String> {
        let stream = target.connect(requester, manner, patience).await?;
        let url = format!("ws://{}/ws{query}", target.host);
        let mut request = url.into_client_request().map_err(|it| it.to_string())?;
        if let Some(address) = &requester.forwarded_for {
            let value = HeaderValue::from_str(address).map_err(|it| it.to_string())?;
            request.headers_mut().insert("x-forwarded-for", value);
        }
        // Thousands of sockets with the default buffer of 128 KiB would be most of our memory.
        let config = WebSocketConfig::default().read_buffer_size(4 * 1_024).write_buffer_size(0);
        let open = tokio_tungstenite::client_async_with_config(request, stream, Some(config));
        let opened = tokio::time::timeout(patience, open).await;
        let opened = opened.map_err(|_| "no answer".to_owned())?;
        opened.map(|(socket, _)| Self(socket)).map_err(|it| told(&it))
    }

    /// Says what this is.
    pub(crate) async fn send(&mut self, message: &Value) -> Result<(), String> {
        self.say_text(message.to_string()).await
    }

    /// Says anything.
    pub(crate) async fn say_text(&mut self, text: String) -> Result<(), String> {
        self.0.send(Message::text(text)).await.map_err(|it| told(&it))
    }

    /// The next message; an error that the server tells is one, by its code.
    pub(crate) async fn recv(&mut self) -> Result<Value, String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    let message: Value =
                        serde_json::from_str(&text).map_err(|it| it.to_string())?;
                    if message["type"] == "error" {
                        return Err(message["code"].as_str().unwrap_or("error").to_owned());
                    }
                    return Ok(message);
                }
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Err(format!("closed {}", frame.code));
                }
                Some(Ok(Message::Close(None))) | None => return Err("closed".to_owned()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(told(&error)),
            }
        }
    }

    /// The next message of that type; others are passed over.
    pub(crate) async fn hear_of(&mut self, kind: &str) -> Result<Value, String> {
        loop {
            let message = self.recv().await?;
            if message["type"] == kind {
                return Ok(message);
            }
        }
    }

    /// Leaves for good, in good order.
    pub(crate) async fn leave(mut self) {
        _ = self.send(&json!({"type": "leave"})).await;
        while self.recv().await.is_ok() {}
    }
}

/// A fan's first word.
pub(crate) fn hello(room: &str) -> Value {
    json!({"type": "hello", "v": 1, "role": "fan", "room": room, "caps": {"video": ["VP8"]}})
}

/// What a failure is counted as.
fn told(error: &Error) -> String {
    match error {
        Error::Http(response) => response.status().as_u16().to_string(),
        Error::Io(error) => error.kind().to_string(),
        Error::ConnectionClosed | Error::AlreadyClosed | Error::Protocol(_) => "closed".to_owned(),
        other => other.to_string(),
    }
}
