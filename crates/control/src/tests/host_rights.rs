//! Who may be the host of a room, and who may take it over.

use auth::PublishOpen;
use protocol::{CloseCode, ErrorCode, LiveState};

use super::world::{SENDING, World, query, sending};

const HELLO_HOST: &str = r#""role":"host""#;

#[test]
fn publishing_is_open_to_this_machine_only_unless_said_otherwise() {
    let check = |open, key: Option<&str>, local, given: Option<&str>, expect: &str| {
        let mut w = World::with(|config| {
            config.open = open;
            config.key = key.map(Into::into);
        });
        let ip = if local { "127.0.0.1" } else { "192.0.2.1" };
        let host = w.open_as(ip, local, query(None, given));
        w.offer(host, SENDING);
        assert_eq!(w.types(host), [expect], "{open:?} {key:?} {local} {given:?}");
    };
    use PublishOpen::{All, Loopback, None as Nobody};
    check(All, None, false, None, "answer");
    check(All, None, false, Some("any"), "answer");
    check(Loopback, None, true, None, "answer");
    check(Loopback, None, false, None, "auth_required");
    check(Loopback, None, false, Some("x"), "auth_bad");
    check(Loopback, Some("k"), false, Some("k"), "answer");
    check(Loopback, Some("k"), false, Some("kk"), "auth_bad");
    check(Nobody, None, true, None, "auth_required");
    check(Nobody, Some("k"), true, Some("k"), "answer");
    check(Nobody, Some("k"), true, Some(""), "auth_required");
    check(Nobody, Some("k"), true, Some("K"), "auth_bad");
}

#[test]
fn a_proxy_in_front_does_not_open_the_door() {
    let mut w = World::with(|config| config.open = PublishOpen::Loopback);
    // What `caller.rs` makes of a forwarded call from 127.0.0.1.
    let host = w.open_as("127.0.0.1", false, query(None, None));
    w.offer(host, SENDING);
    assert_eq!(w.errors(host), [ErrorCode::AuthRequired]);
}

#[test]
fn a_host_without_the_right_is_told_at_hello_and_may_say_it_again_with_the_key() {
    let mut w = World::with(|config| {
        config.open = PublishOpen::None;
        config.key = Some("k".into());
    });
    let host = w.open();
    w.hello(host, HELLO_HOST);
    assert_eq!(w.types(host), ["auth_required"]);
    w.hello(host, r#""role":"host","key":"wrong""#);
    assert_eq!(w.types(host), ["auth_bad"]);
    w.seconds(1);
    w.hello(host, r#""role":"host","key":"k""#);
    assert_eq!(w.types(host), ["welcome", "chats", "viewers"]);
    w.offer(host, SENDING);
    assert_eq!(w.types(host), ["answer", "state:starting"]);
}

#[test]
fn wrong_keys_cost_a_join_each_and_the_right_one_always_passes() {
    let mut w = World::with(|config| {
        config.open = PublishOpen::None;
        config.key = Some("k".into());
    });
    let host = w.open();
    for n in 0..10 {
        w.hello(host, &format!(r#""role":"host","key":"guess {n}""#));
    }
    assert_eq!(w.errors(host), [ErrorCode::AuthBad; 10]);
    w.hello(host, r#""role":"host","key":"guess""#);
    assert_eq!(w.errors(host), [ErrorCode::RateLimited]);
    assert_eq!(w.close_code(host), Some(CloseCode::RateLimited));
    let neighbour = w.open();
    w.hello(neighbour, r#""role":"host","key":"k""#);
    assert_eq!(
        w.types(neighbour),
        ["welcome", "chats", "viewers"],
        "nobody is locked out by others"
    );
    w.seconds(60);
    let host = w.open();
    w.hello(host, r#""role":"host","key":"guess""#);
    assert_eq!(w.errors(host), [ErrorCode::AuthBad], "a minute later it counts anew");
}

#[test]
fn guessing_the_secret_of_a_host_is_counted_as_guessing_keys_is() {
    let mut w = World::new();
    w.host(r#","secret":"of this browser""#);
    let guess = |w: &mut World, n: u32| {
        let other = w.open();
        w.hello(other, &format!(r#""role":"host","secret":"guess {n}""#));
        w.take(other);
        w.offer(other, &sending(2));
        w.errors(other)
    };
    for n in 0..10 {
        assert_eq!(guess(&mut w, n), [ErrorCode::HostTaken]);
    }
    assert_eq!(guess(&mut w, 10), [ErrorCode::RateLimited]);
    let again = w.open();
    w.hello(again, r#""role":"host","secret":"of this browser""#);
    w.offer(again, &sending(3));
    assert_eq!(w.types(again), ["welcome", "chats", "viewers", "answer", "state:interrupted"]);
}

#[test]
fn a_host_with_another_key_is_refused() {
    let mut w = World::new();
    w.host(r#","key":"a""#);
    let second = w.open_with(query(None, Some("b")));
    w.offer(second, SENDING);
    assert_eq!(w.types(second), ["host_taken"]);
}

#[test]
fn fans_cannot_do_what_hosts_do() {
    let mut w = World::new();
    w.host("");
    let fan = w.fan();
    w.say(fan, r#"{"type":"golive"}"#);
    w.say(fan, r#"{"type":"end"}"#);
    w.say(fan, r#"{"type":"media_state","audio":false,"video":false}"#);
    assert_eq!(w.errors(fan), [ErrorCode::Forbidden; 3]);
    let sdp = serde_json::json!({"type":"offer","sdp":SENDING,"pc":"pub"});
    w.say(fan, &sdp.to_string());
    assert_eq!(w.errors(fan), [ErrorCode::Unexpected]);
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn a_browser_without_a_key_takes_its_own_room_over_by_its_secret() {
    let mut w = World::new();
    let first = w.host(r#","secret":"of this browser""#);
    let other = w.open();
    w.hello(other, r#""role":"host","secret":"of another""#);
    w.offer(other, &sending(2));
    assert_eq!(w.errors(other), [ErrorCode::HostTaken]);
    let again = w.open();
    w.hello(again, r#""role":"host","secret":"of this browser""#);
    w.offer(again, &sending(3));
    assert_eq!(w.close_code(first), Some(CloseCode::Replaced));
    w.flow();
    assert_eq!(w.live(), LiveState::Live);
}

#[test]
fn a_secret_is_not_taken_for_a_wrong_key() {
    let mut w = World::with(|config| {
        config.open = PublishOpen::None;
        config.key = Some("k".into());
    });
    let host = w.open();
    for _ in 0..20 {
        w.hello(host, r#""role":"host","secret":"of this browser""#);
        assert_eq!(w.types(host), ["auth_required"]);
        w.seconds(1);
    }
    w.hello(host, r#""role":"host","secret":"of this browser","key":"k""#);
    assert_eq!(w.types(host)[0], "welcome");
    // Nor does it open the door.
    let host = w.open();
    w.hello(host, r#""role":"host","secret":"k""#);
    assert_eq!(w.types(host), ["auth_required"]);
}
