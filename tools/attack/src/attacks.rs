//! What the attacks do, and the workers that repeat it.

mod guesses;
mod media_over_tcp;
mod requests;
mod silence;
mod sockets;
mod turn;
mod viewers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::attacker::Attacker;
use crate::catalog::{Attack, Kind, Pattern};
use crate::http::{self, Request};
use crate::system::Thread;
use crate::target::{Requester, Target};

pub(crate) use guesses::REFUSED_AS_WRONG;

/// Short connections under way at a time.
const AT_A_TIME: usize = 64;

/// Starts the workers of an attack; they end with the thread.
pub(crate) fn start(thread: &Thread, attack: Attack, me: &Arc<Attacker>, connections: usize) {
    let n_workers = match attack.pattern {
        Pattern::Hold => connections,
        Pattern::Repeat => connections.min(AT_A_TIME),
    };
    let (me, next) = (Arc::clone(me), Arc::new(AtomicU64::new(0)));
    let start = async move {
        for _ in 0..n_workers {
            // None is started before its turn, so that the first ones do not wait for all of them.
            me.turn().await;
            tokio::spawn(work(attack.kind, Arc::clone(&me), Arc::clone(&next)));
        }
    };
    thread.spawn(start);
}

async fn work(kind: Kind, me: Arc<Attacker>, next: Arc<AtomicU64>) {
    loop {
        let n = next.fetch_add(1, Ordering::Relaxed);
        if let Err(reason) = once(kind, &me, n).await {
            me.answered(&reason);
        }
        me.turn().await;
    }
}

/// Does it once, and as long as the server lets it. An error is what ended it, to be counted.
async fn once(kind: Kind, me: &Attacker, n: u64) -> Result<(), String> {
    match kind {
        Kind::HelloReset => sockets::hello_reset(me, n).await,
        Kind::Rooms => sockets::rooms(me, n).await,
        Kind::IdleSockets => sockets::idle(me, n).await,
        Kind::UnreadGet => requests::unread_get(me, n).await,
        Kind::HalfHead => requests::half_head(me, n).await,
        Kind::HalfBody => requests::half_body(me, n).await,
        Kind::Idle => requests::idle(me, n).await,
        Kind::Viewers => viewers::watch(me, n).await,
        Kind::Keys => guesses::keys(me, n).await,
        Kind::Log => guesses::log(me, n).await,
        Kind::Silent => silence::silent(me, n).await,
        Kind::HalfTls => silence::half_tls(me, n).await,
        Kind::IdleTls => silence::idle_tls(me, n).await,
        Kind::HalfFrames => media_over_tcp::half_frames(me, n).await,
        Kind::UnprovenMedia => media_over_tcp::unproven(me, n).await,
        Kind::TcpViewers => media_over_tcp::viewers(me, n).await,
        Kind::TurnGuesses => turn::guesses(me, n).await,
        Kind::TurnAllocations => turn::allocations(me, n).await,
    }
}

/// The path of the largest script that the page names; the page's own where it names none.
pub(crate) async fn largest_script(target: &Target) -> Result<String, String> {
    const PATIENCE: Duration = Duration::from_secs(5);
    let requester = Requester::operator();
    let get = |path| Request { path, ..Request::default() };
    let page = http::ask(target, &requester, get("/"), PATIENCE).await?;
    let mut largest = ("/".to_owned(), page.body.len());
    for path in scripts(&page.body) {
        let response = http::ask(target, &requester, get(path), PATIENCE).await?;
        if response.status.is_success() && response.body.len() > largest.1 {
            largest = (path.to_owned(), response.body.len());
        }
    }
    Ok(largest.0)
}

/// Absolute paths of scripts in a page.
fn scripts(html: &str) -> impl Iterator<Item = &str> {
    let quoted = html.split('"').skip(1).step_by(2);
    quoted.filter(|it| it.starts_with('/') && it.ends_with(".js")).take(32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_found_in_a_page() {
        let html = r#"<script type="module" src="/assets/a-1.js"></script>
            <link rel="modulepreload" href="/assets/b-2.js"><link href="/assets/c.css">
            <script src="https://example.com/far.js"></script>"#;
        let found: Vec<&str> = scripts(html).collect();
        assert_eq!(found, ["/assets/a-1.js", "/assets/b-2.js"]);
    }
}
