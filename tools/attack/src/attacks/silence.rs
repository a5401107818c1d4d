//! Attacks by connections that begin something and do not go on.

use super::requests::{hold, send};
use crate::attacker::Attacker;
use crate::stream::Stream;

/// Connects and says nothing.
pub(super) async fn silent(me: &Attacker, n: u64) -> Result<(), String> {
    let stream = me.connect_tcp(&me.requester(n)).await?;
    hold(me, Stream::Plain(stream), false).await
}

/// Sends a ClientHello or the first half of it.
pub(super) async fn half_tls(me: &Attacker, n: u64) -> Result<(), String> {
    let hello = me.target.tls.as_ref().map(|it| it.client_hello()).unwrap_or_default();
    let len = if n.is_multiple_of(2) { hello.len() } else { hello.len() / 2 };
    let mut stream = Stream::Plain(me.connect_tcp(&me.requester(n)).await?);
    send(&mut stream, hello.get(..len).unwrap_or_default()).await?;
    hold(me, stream, false).await
}

/// Shakes hands and says nothing.
pub(super) async fn idle_tls(me: &Attacker, n: u64) -> Result<(), String> {
    let stream = me.connect(&me.requester(n), false).await?;
    hold(me, stream, false).await
}
