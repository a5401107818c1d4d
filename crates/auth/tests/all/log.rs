//! What an operator reads.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;
use std::time::Instant;

use crate::common::{KEY, LOOPBACK, STRANGER, auth, client};
use auth::{Action, Config, Credential, Secret};
use protocol::RoomName;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static INIT: Once = Once::new();

struct ToThread;

impl Write for ToThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged meanwhile, by this thread.
fn logged(run: impl FnOnce()) -> Vec<String> {
    INIT.call_once(|| tracing_subscriber::fmt().with_ansi(false).with_writer(|| ToThread).init());
    run();
    let text = LINES.with_borrow_mut(std::mem::take);
    String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn a_proxy_that_names_no_client_is_told_of_once() {
    let lines = logged(|| {
        let auth = auth(Config::default());
        client(&auth, LOOPBACK, &[("host", "localhost:3000")]);
        client(&auth, LOOPBACK, &[("host", "live.example"), ("x-forwarded-for", "203.0.113.7")]);
        client(&auth, STRANGER, &[("host", "live.example")]);
        for _ in 0..10 {
            client(&auth, LOOPBACK, &[("host", "live.example\u{e9}")]);
            client(&auth, LOOPBACK, &[("host", "live.example")]);
        }
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("live.example") && lines[0].contains("set Host, X-Forwarded-For"));
}

#[test]
fn a_guesser_makes_one_line_and_it_has_no_secret() {
    let lines = logged(|| {
        let auth = auth(Config { key: Some(Secret::new(KEY)), ..Config::default() });
        let client = client(&auth, "2001:db8::7", &[]);
        let (room, now) = (RoomName::parse("room").unwrap(), Instant::now());
        for n in 0..1000 {
            let key = Some(Secret::new(format!("guess {n}")));
            let credential = Credential::of_key(key);
            assert!(auth.may(&client, Action::Publish, &room, &credential, now).is_err());
        }
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("2001:db8::/64") && lines[0].contains("last=key"), "{lines:?}");
    assert!(!lines[0].contains("guess") && !lines[0].contains(KEY), "{lines:?}");
}

#[test]
fn secrets_do_not_show_when_what_has_them_is_printed() {
    let config = Config { key: Some(Secret::new(KEY)), ..Config::default() };
    let credential = Credential::of_key(Some(Secret::new(KEY)));
    let auth = auth(config.clone());
    for printed in [format!("{config:?}"), format!("{credential:?}"), format!("{auth:?}")] {
        assert!(!printed.contains(KEY) && printed.contains('…'), "{printed}");
    }
}
