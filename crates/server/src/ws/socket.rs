//! One WebSocket: reads frames and holds the client to its limits, writes what waits for it.

use std::time::Instant;

use auth::rate_limit::{TokenBucket, WindowCount};
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use control::limits::{MESSAGE_BURST, MESSAGES_PER_SECOND};
use control::{ClientId, Join};
use futures_util::stream::SplitStream;
use futures_util::{Sink, SinkExt, StreamExt};
use protocol::{ClientFrame, CloseCode, ErrorCode, MAX_FRAME_BYTES, ServerMessage};
use tokio::time::{MissedTickBehavior, interval_at, timeout};
use tokio_tungstenite::tungstenite;

use super::guard::Guard;
use super::outbox::{Outbox, Outgoing};
use crate::access::Learned;
use crate::driver::HubClient;
use crate::limits::{
    CLOSE_WITHIN, DEAD_AFTER, DROPPED_MESSAGES, MALFORMED_MESSAGES, MALFORMED_WINDOW, PING_EVERY,
};

/// Serves a WebSocket until it is closed.
pub(crate) async fn run(socket: WebSocket, join: Join, guard: Guard, hub: HubClient) {
    let client = hub.new_client();
    let outbox = Outbox::default();
    hub.connect(client, join, outbox.clone()).await;
    let present = Present { client, hub: &hub, is_told: false };
    let (sink, stream) = socket.split();
    let reader = Reader::new(client, guard, &hub, &outbox);
    let code = tokio::select! {
        code = reader.run(stream) => code,
        () = write(sink, &outbox) => None,
    };
    present.gone(code).await;
}

/// Writes until the socket is closed, by us or under us. From when it is to be closed, all that is left has
/// [`CLOSE_WITHIN`] together.
async fn write(mut sink: impl Sink<Message> + Unpin, outbox: &Outbox) {
    let overdue = async {
        outbox.closing().await;
        tokio::time::sleep(CLOSE_WITHIN).await;
    };
    tokio::select! {
        () = write_all(&mut sink, outbox) => {}
        () = overdue => {}
    }
}

async fn write_all(sink: &mut (impl Sink<Message> + Unpin), outbox: &Outbox) {
    let start = tokio::time::Instant::now() + PING_EVERY;
    let mut pings = interval_at(start, PING_EVERY);
    pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let message = tokio::select! {
            outgoing = outbox.next() => match outgoing {
                Outgoing::Text(text) => Message::Text(text),
                Outgoing::Close(code) => {
                    let frame = CloseFrame { code: code.as_u16(), reason: "".into() };
                    _ = sink.send(Message::Close(Some(frame))).await;
                    // The client's own close frame ends the reader.
                    return std::future::pending().await;
                }
            },
            _ = pings.tick() => Message::Ping(Vec::new().into()),
        };
        // A client that takes no frame for as long as this says no pong either.
        match timeout(DEAD_AFTER, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

/// Tells the hub that a client is gone, also when its task ends by a panic.
struct Present<'a> {
    client: ClientId,
    hub: &'a HubClient,
    is_told: bool,
}

impl Present<'_> {
    async fn gone(mut self, code: Option<u16>) {
        self.hub.gone(self.client, code).await;
        self.is_told = true;
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            self.hub.gone_at_once(self.client);
        }
    }
}

/// Holds a client to its limits.
struct Reader<'a> {
    client: ClientId,
    guard: Guard,
    hub: &'a HubClient,
    outbox: &'a Outbox,
    rate: TokenBucket,
    dropped: u32,
    warned: Option<Instant>,
    malformed: WindowCount,
}

impl<'a> Reader<'a> {
    fn new(client: ClientId, guard: Guard, hub: &'a HubClient, outbox: &'a Outbox) -> Self {
        Self {
            client,
            guard,
            hub,
            outbox,
            rate: TokenBucket::new(MESSAGES_PER_SECOND, MESSAGE_BURST, Instant::now()),
            dropped: 0,
            warned: None,
            malformed: WindowCount::new(MALFORMED_WINDOW),
        }
    }

    /// Reads until the socket is gone; returns the code of the client's close frame. When we close
    /// the socket it reads on, so that the client's half ends too, but hears nothing any more.
    async fn run(mut self, mut stream: SplitStream<WebSocket>) -> Option<u16> {
        loop {
            let Ok(next) = timeout(DEAD_AFTER, stream.next()).await else {
                tracing::debug!(client = %self.client, "socket is dead");
                return None;
            };
            let message = match next {
                Some(Ok(message)) => message,
                Some(Err(error)) => return self.broken(error).await,
                None => return None,
            };
            if self.outbox.close_code().is_some() {
                // The writer closes; what comes until then is not heard.
                continue;
            }
            match message {
                Message::Text(text) if text.len() > MAX_FRAME_BYTES => {
                    self.outbox.close(CloseCode::TooBig);
                }
                Message::Text(text) => self.text(text.as_str()).await,
                Message::Binary(_) => self.outbox.close(CloseCode::UnsupportedData),
                Message::Ping(_) | Message::Pong(_) => self.control(Instant::now()),
                Message::Close(frame) => {
                    // Reading on is what sends our half of the goodbye.
                    _ = timeout(CLOSE_WITHIN, stream.next()).await;
                    return frame.map(|frame| frame.code);
                }
            }
        }
    }

    async fn text(&mut self, text: &str) {
        let now = Instant::now();
        if !self.rate.take(now) {
            self.over_rate(now);
            return;
        }
        match ClientFrame::parse(text) {
            Ok(mut frame) => {
                // Others of this server go on meanwhile.
                if let Some(Learned { token, shown }) = self.guard.look(&mut frame).await {
                    self.hub.shown(self.client, token, shown).await;
                }
                self.hub.frame(self.client, Box::new(frame)).await;
            }
            Err(error) => {
                let fatal = self.malformed.add(now) > MALFORMED_MESSAGES;
                self.error(error.code, error.message, error.id, fatal);
                if fatal {
                    self.outbox.close(CloseCode::Malformed);
                }
            }
        }
    }

    /// Control frames cost as little as text, but are held to the same rate.
    fn control(&mut self, now: Instant) {
        if !self.rate.take(now) {
            self.over_rate(now);
        }
    }

    fn over_rate(&mut self, now: Instant) {
        self.dropped += 1;
        let fatal = self.dropped > DROPPED_MESSAGES;
        let is_quiet = self.warned.is_none_or(|at| now.duration_since(at).as_secs() >= 1);
        if fatal || is_quiet {
            self.warned = Some(now);
            let message = format!("more than {MESSAGES_PER_SECOND} messages a second");
            self.error(ErrorCode::RateLimited, message, None, fatal);
        }
        if fatal {
            self.outbox.close(CloseCode::RateLimited);
        }
    }

    fn error(&self, code: ErrorCode, message: String, re: Option<serde_json::Value>, fatal: bool) {
        let retry_ms = (code == ErrorCode::RateLimited).then_some(1000);
        self.outbox.send(&ServerMessage::Error {
            code,
            message,
            re,
            fatal,
            retry_ms,
            detail: None,
        });
    }

    /// The stream cannot be read any more: says why, if that can still be said.
    async fn broken(&self, error: axum::Error) -> Option<u16> {
        let error = error.into_inner();
        if let Some(tungstenite::Error::Capacity(_)) = error.downcast_ref() {
            self.outbox.close(CloseCode::TooBig);
            // The writer ends the socket.
            std::future::pending::<()>().await;
        }
        tracing::debug!(client = %self.client, %error, "socket broke");
        None
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_gone_soon_after_it_is_to_be_closed() {
        let stuck = futures_util::sink::unfold((), |(), _: Message| {
            std::future::pending::<Result<(), Infallible>>()
        });
        let outbox = Outbox::default();
        for n in 0..10 {
            outbox.send(&ServerMessage::Viewers { n, peak: n });
        }
        let closed = tokio::spawn({
            let outbox = outbox.clone();
            async move { write(Box::pin(stuck), &outbox).await }
        });
        tokio::time::sleep(PING_EVERY).await;
        let began = tokio::time::Instant::now();
        outbox.close(CloseCode::Normal);
        closed.await.expect("it does not panic");
        assert!(began.elapsed() <= CLOSE_WITHIN, "{:?}", began.elapsed());
    }
}
