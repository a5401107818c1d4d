//! Attacks on `/ws`.

use serde_json::json;

use crate::attacker::{Attacker, PATIENCE};
use crate::page::{Page, hello};

/// Secrets that are within any bound of a message, and within the one of a secret.
const SECRET_BYTES: [usize; 2] = [3_500, 128];

/// Says hello as a fan, hears that it was heard, and resets the connection.
pub(super) async fn hello_reset(me: &Attacker, n: u64) -> Result<(), String> {
    let mut page = me.page(&me.requester(n), "").await?;
    page.send(&hello(&me.room)).await?;
    answer(me, &mut page).await
}

/// The same in a room that nobody was in before, with a secret as long as may be.
pub(super) async fn rooms(me: &Attacker, n: u64) -> Result<(), String> {
    let mut page = me.page(&me.requester(n), "").await?;
    // A room's name has 64 characters at most; these have four bytes each.
    let room = format!("{:x}-{:08x}-{}", fastrand::u32(..), n, "𠀀".repeat(40));
    let [long, short] = SECRET_BYTES;
    let mut message = hello(&room);
    message["secret"] = json!("s".repeat(if n.is_multiple_of(2) { long } else { short }));
    page.send(&message).await?;
    answer(me, &mut page).await
}

/// Opens a socket and says nothing; pings are answered.
pub(super) async fn idle(me: &Attacker, n: u64) -> Result<(), String> {
    let mut page = me.page(&me.requester(n), "").await?;
    let _held = me.hold();
    loop {
        page.recv().await?;
    }
}

/// Counts the first thing that the server says.
async fn answer(me: &Attacker, page: &mut Page) -> Result<(), String> {
    let heard = tokio::time::timeout(PATIENCE, page.recv()).await;
    let message = heard.map_err(|_| "no answer".to_owned())??;
    me.answered(message["type"].as_str().unwrap_or("nameless"));
    Ok(())
}
