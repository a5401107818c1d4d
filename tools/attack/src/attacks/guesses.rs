//! Attacks by wrong input: guessed keys, and whatever makes the server write log lines.

use hyper::Method;
use serde_json::{Value, json};

use crate::attacker::{Attacker, PATIENCE};
use crate::http::{self, Request};
use crate::page::{Page, hello};
use crate::target::Requester;

/// Answers that tell that a key was compared: by WHIP and on `/ws`.
pub(crate) const REFUSED_AS_WRONG: [&str; 2] = ["401", "auth_bad"];

/// Guesses on one socket: fewer than are cut off as a flood.
const GUESSES_A_SOCKET: usize = 20;

/// Guesses the publishing key: on one socket several times, or once by WHIP.
pub(super) async fn keys(me: &Attacker, n: u64) -> Result<(), String> {
    let requester = Requester::attacker_in_64(me.network(n));
    if n.is_multiple_of(2) {
        return post(me, &requester, "/whip/x", Some(&guess()), &me.offer).await.map(drop);
    }
    let mut page = me.page(&requester, "").await?;
    for _ in 0..GUESSES_A_SOCKET {
        page.send(&host_hello(&me.room)).await?;
        let answer = heard(&mut page).await;
        if answer.as_ref().is_err_and(|it| it.starts_with("closed")) {
            return answer.map(drop);
        }
        me.answered(answer.as_ref().map_or_else(|it| it.as_str(), |_| "welcome"));
    }
    Ok(())
}

/// Does one after the other of what stands in a log.
pub(super) async fn log(me: &Attacker, n: u64) -> Result<(), String> {
    let requester = me.requester(n);
    match n % 6 {
        0 => {
            let mut page = me.page(&requester, "").await?;
            page.send(&hello(&me.room)).await?;
            heard(&mut page).await?;
            page.leave().await;
        }
        1 => {
            let mut page = me.page(&requester, "").await?;
            page.send(&host_hello(&me.room)).await?;
            me.answered(&heard(&mut page).await.err().unwrap_or_default());
        }
        2 => {
            let mut page = me.page(&requester, "").await?;
            page.say_text("{\"type\":".to_owned()).await?;
            me.answered(&heard(&mut page).await.err().unwrap_or_default());
        }
        3 => _ = post(me, &requester, "/whip/x", Some(&guess()), "v=0\r\n").await?,
        4 => {
            let path = format!("/whep/{}", me.room);
            post(me, &requester, &path, None, "v=0\r\n").await?;
        }
        _ => {
            let draft = me.clients.viewer(me.target.address.ip())?;
            let path = format!("/whep/{}", me.room);
            if let Some(session) = post(me, &requester, &path, None, draft.offer()).await? {
                let request =
                    Request { method: Method::DELETE, path: &session, ..Request::default() };
                _ = http::ask(&me.target, &requester, request, PATIENCE).await?;
            }
        }
    }
    Ok(())
}

/// Posts a description, and counts the answer's status. Returns the path of the session, if there is one.
async fn post(
    me: &Attacker,
    requester: &Requester,
    path: &str,
    token: Option<&str>,
    sdp: &str,
) -> Result<Option<String>, String> {
    let request = Request { method: Method::POST, path, token, sdp: Some(sdp) };
    let response = http::ask(&me.target, requester, request, PATIENCE).await?;
    me.connected();
    me.answered(response.status.as_str());
    Ok(response.location)
}

async fn heard(page: &mut Page) -> Result<Value, String> {
    let heard = tokio::time::timeout(PATIENCE, page.recv()).await;
    heard.map_err(|_| "no answer".to_owned())?
}

/// A host's first word, with a key that is wrong.
fn host_hello(room: &str) -> Value {
    let mut message = hello(room);
    (message["role"], message["key"]) = (json!("host"), json!(guess()));
    message
}

fn guess() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(20).collect()
}
