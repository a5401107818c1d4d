//! Who comes and goes, as an operator reads it.

use auth::PublishOpen;
use media_api::CloseReason;
use protocol::Role;

use super::world::{SENDING, World, sending};
use crate::{ClientId, Input, Request};

/// A broadcast of a page, or of an encoder, with a fan.
fn broadcast(whip: bool) -> (World, ClientId) {
    let mut w = World::new();
    let host = if whip {
        let encoder = w.program("192.0.2.9", Role::Host, None).unwrap();
        w.ask(encoder, Request::Publish { offer: SENDING.into() }).unwrap();
        w.flow();
        encoder
    } else {
        w.host("")
    };
    w.fan();
    let lines = w.log();
    assert!(lines.iter().any(|it| it.starts_with("publisher joined room=default")), "{lines:?}");
    (w, host)
}

/// The value of a field.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let found = line.split(' ').find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("no {name} in: {line}"))
}

/// Asserts that the publisher left for a reason, and the broadcast ended for another.
fn assert_over(what: &str, w: &mut World, left: &str, ended: &str) {
    let session = {
        let lines = w.log();
        let of = |begins: &str| {
            let found: Vec<_> = lines.iter().filter(|it| it.starts_with(begins)).collect();
            assert_eq!(found.len(), 1, "{what}: {begins} in {lines:#?}");
            found[0].clone()
        };
        let line = of("publisher left room=default");
        assert_eq!(field(&line, "why"), left, "{what}");
        let end = of("broadcast ended room=default");
        assert_eq!(field(&end, "why"), ended, "{what}");
        assert_eq!(field(&end, "session"), field(&line, "session"), "{what}");
        field(&line, "session").to_owned()
    };
    assert!(session.starts_with('s'), "{session}");
}

#[test]
fn each_way_out_of_a_publisher_is_a_line_with_its_reason() {
    type Act = fn(&mut World, ClientId);
    let ways: [(&str, bool, Act, &str, &str); 8] = [
        ("End", false, |w, host| w.say(host, r#"{"type":"end"}"#), "ended", "ended"),
        ("the page leaves", false, |w, host| w.say(host, r#"{"type":"leave"}"#), "left", "left"),
        (
            "tab closed",
            false,
            |w, host| {
                w.drop_socket(host, Some(1001));
                w.seconds(95);
            },
            "no_media",
            "no_media",
        ),
        ("DELETE", true, |w, encoder| w.drop_socket(encoder, Some(1001)), "left", "left"),
        (
            "an encoder that was killed",
            true,
            |w, _| {
                w.stall();
                w.seconds(95);
            },
            "no_media",
            "no_media",
        ),
        (
            "a page whose network is gone",
            false,
            |w, host| {
                w.drop_socket(host, None);
                let peer = w.publisher();
                w.closes(peer, CloseReason::ConsentExpired);
                w.seconds(95);
            },
            "connection_lost",
            "no_media",
        ),
        (
            "flooding",
            true,
            |w, _| {
                let peer = w.publisher();
                w.closes(peer, CloseReason::Flooding);
                w.seconds(95);
            },
            "flooding",
            "no_media",
        ),
        (
            "the server stops",
            true,
            |w, _| w.input(Input::Drain),
            "server_stopped",
            "server_stopped",
        ),
    ];
    for (what, whip, act, left, ended) in ways {
        let (mut w, host) = broadcast(whip);
        act(&mut w, host);
        assert_over(what, &mut w, left, ended);
    }
}

#[test]
fn a_takeover_is_one_that_left_and_one_that_joined() {
    let mut w = World::new();
    w.host(r#","key":"k""#);
    let first = w.log_of("publisher joined");
    let second = w.open();
    w.hello(second, r#""role":"host","key":"k""#);
    w.offer(second, &sending(2));
    w.flow();
    let lines = w.log_of("publisher");
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("publisher left"), "{lines:#?}");
    assert_eq!(field(&lines[0], "why"), "replaced");
    assert_eq!(field(&lines[0], "session"), field(&first[0], "session"));
    assert!(lines[1].starts_with("publisher joined"), "{lines:#?}");
    assert_eq!(field(&lines[1], "returns"), "true");
}

#[test]
fn a_new_connection_of_the_same_host_ends_the_one_before_in_the_log_too() {
    let mut w = World::new();
    let host = w.host("");
    w.log();
    w.offer(host, &sending(2));
    let lines = w.log_of("publisher");
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(field(&lines[0], "why"), "replaced");
}

#[test]
fn a_rehearsal_that_is_never_on_air_joins_and_leaves() {
    let mut w = World::new();
    let host = w.open();
    w.hello(host, r#""role":"host""#);
    w.offer(host, SENDING);
    w.flow();
    w.drop_socket(host, Some(1001));
    let lines = w.log();
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert!(lines[0].starts_with("publisher joined") && lines[1].starts_with("publisher left"));
}

#[test]
fn each_way_out_of_a_viewer_is_a_line_with_its_reason() {
    type Act = fn(&mut World, ClientId);
    let ways: [(&str, Act, &str); 7] = [
        ("tab closed", |w, fan| w.drop_socket(fan, Some(1001)), "left"),
        ("the page leaves", |w, fan| w.say(fan, r#"{"type":"leave"}"#), "left"),
        ("its connection ends", |w, _| close(w, CloseReason::Remote), "left"),
        ("its network is gone", |w, _| close(w, CloseReason::ConsentExpired), "connection_lost"),
        ("flooding", |w, _| close(w, CloseReason::Flooding), "flooding"),
        (
            "it answers no restart",
            |w, fan| {
                w.say(fan, r#"{"type":"restart"}"#);
                w.seconds(11);
            },
            "unanswered",
        ),
        ("the server stops", |w, _| w.input(Input::Drain), "server_stopped"),
    ];
    for (what, act, why) in ways {
        let mut w = World::new();
        w.host("");
        let fan = w.fan();
        w.log();
        act(&mut w, fan);
        let lines = w.log_of("viewer");
        assert_eq!(lines.len(), 1, "{what}: {lines:#?}");
        assert!(lines[0].starts_with("viewer left room=default"), "{what}: {lines:#?}");
        assert_eq!(field(&lines[0], "why"), why, "{what}");
        assert_eq!(field(&lines[0], "n_viewers"), "0", "{what}");
    }
}

fn close(w: &mut World, reason: CloseReason) {
    let peer = w.last_peer();
    w.closes(peer, reason);
}

/// The one line of a refusal.
fn refused(w: &mut World) -> String {
    let lines = w.log().into_iter().filter(|it| it.contains("refused")).collect::<Vec<_>>();
    let [line] = &lines[..] else { panic!("{lines:#?}") };
    line.clone()
}

#[test]
fn a_page_that_may_not_publish_is_told_of_and_its_key_is_not() {
    let mut w = World::with(|setup| {
        setup.open = PublishOpen::None;
        setup.key = Some("the key".into());
    });
    for (fields, code) in [("", "auth_required"), (r#","key":"a guess""#, "auth_bad")] {
        let page = w.open();
        w.hello(page, &format!(r#""role":"host"{fields}"#));
        let line = refused(&mut w);
        assert!(line.starts_with("publisher refused room=default session=s"), "{line}");
        assert_eq!(field(&line, "code").trim_matches('"'), code);
        assert!(line.contains("ip=192.0.2.1") && !line.contains("guess"), "{line}");
    }
}

#[test]
fn a_second_host_is_told_of_in_either_profile() {
    let mut w = World::new();
    w.basic_host();
    w.log();
    let second = w.open();
    w.offer(second, SENDING);
    assert_eq!(field(&refused(&mut w), "code").trim_matches('"'), "host_taken");
    let third = w.open();
    w.hello(third, r#""role":"host""#);
    w.offer(third, SENDING);
    assert_eq!(field(&refused(&mut w), "code").trim_matches('"'), "host_taken");
}

#[test]
fn a_fan_without_a_place_is_told_of() {
    let mut w = World::with(|setup| setup.max_viewers = 1);
    w.host("");
    w.fan();
    w.log();
    w.idler("198.51.100.1");
    let line = refused(&mut w);
    assert!(line.starts_with("viewer refused"), "{line}");
    assert_eq!(field(&line, "code").trim_matches('"'), "room_full");
}
