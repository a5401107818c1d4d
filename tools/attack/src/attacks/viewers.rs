//! Attacks by viewers that hold their places by ICE alone.

use std::time::Duration;

use serde_json::json;

use crate::attacker::{Attacker, PATIENCE};
use crate::page::hello;

/// Longer than any attack lasts.
const FOREVER: Duration = Duration::from_secs(600);

/// Joins as a fan in a room where nobody is live, so that no media flows; connects; resets the socket; and
/// goes on with the connectivity checks of a viewer.
pub(super) async fn watch(me: &Attacker, n: u64) -> Result<(), String> {
    let draft = me.clients.viewer(me.target.address.ip())?;
    let mut page = me.page(&me.requester(n), "").await?;
    page.send(&hello(&me.room)).await?;
    let heard = tokio::time::timeout(PATIENCE, page.hear_of("offer")).await;
    let offer = heard.map_err(|_| "no offer".to_owned())??;
    let sdp = me.target.with_own_candidates(offer["sdp"].as_str().unwrap_or_default());
    let answer = draft.answer(&sdp).ok_or("no answer")?;
    let neg = &offer["neg"];
    page.send(&json!({"type": "answer", "pc": "sub", "neg": neg, "sdp": answer})).await?;
    let mut client = draft.start(&sdp)?;
    if !client.wait_for(PATIENCE, |it| it.is_connected).await {
        return Err("not connected".to_owned());
    }
    me.answered("connected");
    drop(page);
    let _held = me.hold();
    client.wait_for(FOREVER, |_| false).await;
    Err("over".to_owned())
}
