//! The whole server with real sockets, media and all, while strangers send it whatever they can
//! think of: everybody gets a clear error, and nobody who watches notices.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test asserts, and tells its figures"
)]

mod browser;
mod strangers;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use browser::{Browser, Page};
use server::{Config, Shutdown};

/// How long anything may take; a machine that is busy with other things is no failure.
const PATIENCE: Duration = Duration::from_secs(60);

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Waits for a condition of another thread's making.
async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < end, "{what}: not in {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broadcast_goes_on_through_everything_that_strangers_send() {
    let default_hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        default_hook(info);
    }));
    let data = tempfile::tempdir().unwrap();
    let mut config = Config { listen: ([127, 0, 0, 1], 0).into(), ..Config::default() };
    config.data = data.path().to_owned();
    let shutdown = Shutdown::default();
    let server = server::serve(config, shutdown.clone()).await.unwrap();
    let http = server.addr();
    let udp = (http.ip(), server.udp_port()).into();

    let host = Browser::publish(&mut Page::open(http).await).await;
    let mut fans = Vec::new();
    for _ in 0..3 {
        fans.push(Browser::watch(&mut Page::open(http).await).await);
    }
    until("everybody sees pictures", || fans.iter().all(|it| it.packets() > 100)).await;
    let before: Vec<usize> = fans.iter().map(Browser::packets).collect();

    strangers::malformed_frames(http).await;
    strangers::malformed_requests(http).await;
    strangers::huge_descriptions(http).await;
    strangers::checks_for_nobody_over_tcp(http).await;
    let answered = tokio::task::spawn_blocking(move || strangers::garbage_datagrams(udp));
    assert_eq!(answered.await.unwrap(), 0, "no stranger's datagram was answered");

    // All that the host sent meanwhile has arrived, and what it sends now arrives too.
    let sent = host.packets();
    until("what was sent has arrived", || {
        fans.iter().zip(&before).all(|(fan, before)| fan.packets() >= before + 100)
    })
    .await;
    until("the fans are where the host was", || fans.iter().all(|it| it.newest() + 5 >= sent))
        .await;
    for fan in &fans {
        assert_eq!(fan.gaps(), 0, "a packet was lost on the way to a fan");
        assert!(fan.is_connected());
    }
    assert_eq!(PANICS.load(Ordering::SeqCst), 0, "nothing panicked");
    shutdown.trigger();
}
