//! What people in a room say to each other.

use protocol::{ChatItem, ErrorCode, SelfInfo, ServerMessage, Standing};

use super::world::{Query, World, in_room};
use crate::ClientId;
use crate::limits::{CHAT_BURST, HOST_CHAT_BURST};

/// A fan with a name and a browser of its own.
fn fan(w: &mut World, name: &str) -> ClientId {
    page(w, name, &format!("192.0.2.{}", 100 + name.len()))
}

fn page(w: &mut World, name: &str, ip: &str) -> ClientId {
    let fan = w.open_as(ip, false, Query::default());
    w.hello(fan, &format!(r#""name":"{name}","secret":"{name}'s secret""#));
    w.seconds(2);
    w.take(fan);
    fan
}

fn chat(w: &mut World, socket: ClientId, text: &str) {
    w.say(socket, &format!(r#"{{"type":"chat","text":"{text}"}}"#));
}

/// The texts of the lines among messages; an arrival is the name in brackets.
fn texts(messages: &[ServerMessage]) -> Vec<String> {
    let lines = messages.iter().filter_map(|message| match message {
        ServerMessage::Chats { items, history: false, .. } => Some(items),
        _ => None,
    });
    lines.flatten().map(text).collect()
}

fn text(item: &ChatItem) -> String {
    match &item.text {
        Some(text) => text.as_str().into(),
        None => format!("[{}]", item.by.name.as_str()),
    }
}

fn history(messages: &[ServerMessage]) -> Vec<String> {
    let history = messages.iter().find_map(|message| match message {
        ServerMessage::Chats { items, history: true, .. } => Some(items),
        _ => None,
    });
    history.expect("the lines from before").iter().map(text).collect()
}

fn welcomed(messages: &[ServerMessage]) -> SelfInfo {
    let me = messages.iter().find_map(|message| match message {
        ServerMessage::Welcome { me, .. } => Some(me.clone()),
        _ => None,
    });
    me.expect("a welcome")
}

fn you(messages: &[ServerMessage]) -> Option<SelfInfo> {
    messages.iter().rev().find_map(|message| match message {
        ServerMessage::You(me) => Some(me.clone()),
        _ => None,
    })
}

/// The error that a message is answered with, and how long to wait.
fn refused(w: &mut World, socket: ClientId, message: &str) -> Option<(ErrorCode, Option<u32>)> {
    w.take(socket);
    w.say(socket, message);
    w.take(socket).into_iter().find_map(|message| match message {
        ServerMessage::Error { code, retry_ms, re, .. } => {
            assert!(re.is_some(), "an error says what it answers");
            Some((code, retry_ms))
        }
        _ => None,
    })
}

const HI: &str = r#"{"type":"chat","text":"hi","id":1}"#;

#[test]
fn what_one_says_all_in_the_room_are_told_in_order() {
    let mut w = World::new();
    let (one, other) = (fan(&mut w, "Ann"), fan(&mut w, "Bob"));
    let elsewhere = w.open_with(in_room("other"));
    w.hello(elsewhere, r#""room":"other""#);
    w.take(elsewhere);
    w.take(one);
    chat(&mut w, one, "first");
    assert_eq!(w.types(one), ["sent", "chats"], "after a pause a line goes at once");
    assert_eq!(texts(&w.take(other)), ["first"]);
    chat(&mut w, other, "second");
    chat(&mut w, one, "third");
    assert_eq!(w.types(other), ["sent"], "the next waits a moment");
    w.ms(100);
    let told = w.take(other);
    assert_eq!(told.len(), 1, "both come together: {told:?}");
    assert_eq!(texts(&told), ["second", "third"]);
    let told = w.take(one);
    assert_eq!(texts(&told), ["second", "third"]);
    assert!(w.take(elsewhere).is_empty(), "another room hears nothing");
    w.seconds(60);
    assert_eq!(texts(&w.take(one)), [""; 0], "each line is told once");
}

#[test]
fn who_writes_is_told_at_once_which_line_it_is() {
    let mut w = World::new();
    let one = fan(&mut w, "Ann");
    chat(&mut w, one, "0");
    w.take(one);
    w.say(one, r#"{"type":"chat","text":"hi","id":"mine","style":{"mode":"top","color":"red"}}"#);
    let told = w.take(one);
    let [ServerMessage::Sent { item, re }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(re.as_ref().and_then(|re| re.as_str()), Some("mine"));
    let sent = item.clone();
    assert!(sent.style.is_some() && sent.by.name.as_str() == "Ann");
    w.ms(100);
    let told = w.take(one);
    let [ServerMessage::Chats { items, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(*items, [sent], "the line is the same to all");
}

#[test]
fn who_comes_later_reads_the_last_lines_and_each_line_once() {
    let mut w = World::new();
    let one = fan(&mut w, "Ann");
    chat(&mut w, one, "before");
    chat(&mut w, one, "under way");
    let late = w.open();
    w.hello(late, "");
    w.seconds(1);
    let told = w.take(late);
    assert_eq!(history(&told), ["before"]);
    assert_eq!(texts(&told), ["under way"]);
    let resume = {
        let again = w.open();
        w.hello(again, "");
        let told = w.take(again);
        assert_eq!(history(&told), ["before", "under way"]);
        w.drop_socket(again, None);
        told.into_iter().find_map(|it| match it {
            ServerMessage::Welcome { resume, .. } => Some(resume),
            _ => None,
        })
    };
    chat(&mut w, one, "missed");
    let back = w.open();
    w.hello(back, &format!(r#""resume":"{}""#, resume.unwrap()));
    assert_eq!(history(&w.take(back)), ["before", "under way", "missed"]);
}

#[test]
fn a_name_comes_first_and_may_be_changed() {
    let mut w = World::new();
    let page = w.open();
    w.hello(page, "");
    w.take(page);
    assert_eq!(refused(&mut w, page, HI), Some((ErrorCode::NameNeeded, None)));
    w.say(page, r#"{"type":"rename","name":"小明"}"#);
    assert_eq!(you(&w.take(page)).unwrap().name.unwrap().as_str(), "小明");
    assert_eq!(refused(&mut w, page, HI), None);
    for n in 0..4 {
        assert_eq!(refused(&mut w, page, &format!(r#"{{"type":"rename","name":"n{n}"}}"#)), None);
    }
    let again = refused(&mut w, page, r#"{"type":"rename","name":"x","id":1}"#);
    assert_eq!(again.unwrap().0, ErrorCode::RateLimited);
}

#[test]
fn two_pages_of_a_browser_are_one_person() {
    let mut w = World::new();
    let first = w.open();
    w.hello(first, r#""name":"Ann","secret":"s""#);
    let me = welcomed(&w.take(first));
    let second = w.open();
    w.hello(second, r#""secret":"s""#);
    let other = welcomed(&w.take(second));
    assert_eq!((&me.uid, &me.name), (&other.uid, &other.name));
    w.say(second, r#"{"type":"rename","name":"Anna"}"#);
    for page in [first, second] {
        assert_eq!(you(&w.take(page)).unwrap().name.unwrap().as_str(), "Anna");
    }
    let rate = |w: &mut World, page| refused(w, page, HI).map(|it| it.0);
    for n in 0..CHAT_BURST {
        assert_eq!(rate(&mut w, [first, second][n as usize % 2]), None);
    }
    assert_eq!(rate(&mut w, first), Some(ErrorCode::RateLimited), "both have one rate");
    let stranger = w.open();
    w.hello(stranger, r#""secret":"t""#);
    assert_ne!(welcomed(&w.take(stranger)).uid, me.uid);
    let elsewhere = w.open();
    w.hello(elsewhere, r#""secret":"s","room":"other""#);
    assert_ne!(welcomed(&w.take(elsewhere)).uid, me.uid, "rooms cannot be put together");
}

#[test]
fn a_person_writes_once_a_second_and_a_host_more() {
    let mut w = World::new();
    let host = w.host(r#","name":"Host","secret":"h""#);
    let one = fan(&mut w, "Ann");
    for _ in 0..CHAT_BURST {
        assert_eq!(refused(&mut w, one, HI), None);
    }
    let (code, retry_ms) = refused(&mut w, one, HI).unwrap();
    assert_eq!(code, ErrorCode::RateLimited);
    assert!((900..=1001).contains(&retry_ms.unwrap()), "{retry_ms:?}");
    w.ms(retry_ms.unwrap().into());
    assert_eq!(refused(&mut w, one, HI), None, "that long was enough");
    for _ in 0..HOST_CHAT_BURST {
        assert_eq!(refused(&mut w, host, HI), None);
    }
    assert_eq!(refused(&mut w, host, HI).unwrap().0, ErrorCode::RateLimited);
    w.take(one);
    w.seconds(1);
    chat(&mut w, host, "mine");
    w.seconds(1);
    let told = w.take(one);
    let mut lines = told.iter().filter_map(|message| match message {
        ServerMessage::Chats { items, .. } => items.last(),
        _ => None,
    });
    assert_eq!(lines.next_back().unwrap().by.standing, Standing::Host);
}

#[test]
fn a_socket_of_the_basic_profile_that_says_something_hears_what_others_say() {
    let mut w = World::new();
    let (basic, silent) = (w.open(), w.open());
    w.ms(300);
    let page = fan(&mut w, "Ann");
    chat(&mut w, page, "0");
    assert!(w.take(basic).is_empty() && w.take(silent).is_empty(), "nobody asked");
    w.take(page);
    w.seconds(1);
    chat(&mut w, basic, "hello");
    assert_eq!(w.types(basic), ["sent", "chats"]);
    let told = w.take(page);
    let [ServerMessage::Chats { items, .. }] = &told[..] else { panic!("{told:?}") };
    assert!(items[0].by.name.as_str().starts_with("guest-"));
    w.seconds(1);
    chat(&mut w, page, "welcome");
    assert_eq!(texts(&w.take(basic)), ["welcome"]);
    assert!(w.take(silent).is_empty());
    w.say(basic, r#"{"type":"like","n":1}"#);
    assert_eq!(w.errors(basic), [ErrorCode::Unexpected], "the rest is for pages");
}

#[test]
fn a_basic_socket_that_moves_to_another_room_is_there_alone() {
    let mut w = World::new();
    let basic = w.open();
    w.ms(300);
    let page = fan(&mut w, "Ann");
    chat(&mut w, basic, "hello");
    w.say(basic, r#"{"type":"chat","text":"here","room":"other"}"#);
    w.take(basic);
    w.take(page);
    w.seconds(1);
    chat(&mut w, page, "gone?");
    assert!(w.take(basic).is_empty());
}

#[test]
fn it_is_said_who_came_in_but_not_again_nor_of_many() {
    let mut w = World::new();
    let one = page(&mut w, "Ann", "192.0.2.10");
    let two = w.open();
    w.hello(two, r#""name":"Bob","secret":"b""#);
    let three = w.open();
    w.hello(three, r#""name":"Cid","secret":"c""#);
    let nameless = w.open();
    w.hello(nameless, "");
    w.seconds(1);
    assert_eq!(texts(&w.take(one)), ["[Bob]"], "one a second");
    w.drop_socket(two, Some(1001));
    w.seconds(10);
    page(&mut w, "Bob's friend", "192.0.2.11");
    let back = w.open();
    w.hello(back, r#""name":"Bob","secret":"b""#);
    w.seconds(1);
    assert_eq!(texts(&w.take(one)), ["[Bob's friend]"], "who comes back is not announced");
    let late = w.open();
    w.hello(late, "");
    assert_eq!(history(&w.take(late)), [""; 0], "nor told to who comes later");
}

#[test]
fn likes_are_told_together_once_a_second_and_count_from_0_in_a_new_broadcast() {
    let mut w = World::new();
    let host = w.host("");
    let one = fan(&mut w, "Ann");
    let likes = |w: &mut World, page| -> Vec<(u32, u32, usize)> {
        let told = w.take(page).into_iter().filter_map(|message| match message {
            ServerMessage::Likes { total, delta, reactions } => {
                Some((total, delta, reactions.len()))
            }
            _ => None,
        });
        told.collect()
    };
    w.say(one, r#"{"type":"like","n":3}"#);
    w.say(one, r#"{"type":"like","n":30}"#);
    w.say(one, r#"{"type":"react","kind":"rose"}"#);
    assert_eq!(likes(&mut w, host), [(3, 3, 0)]);
    w.seconds(1);
    assert_eq!(likes(&mut w, host), [(33, 30, 1)]);
    w.seconds(60);
    assert_eq!(likes(&mut w, host), [], "nothing is new");
    for n in ["0", "31"] {
        let message = format!(r#"{{"type":"like","n":{n},"id":1}}"#);
        assert_eq!(refused(&mut w, one, &message).unwrap().0, ErrorCode::BadField);
    }
    let over = (0..10).map(|_| refused(&mut w, one, r#"{"type":"like","n":1,"id":1}"#));
    assert_eq!(over.flatten().count(), 6, "4 at once");
    let late = w.open();
    w.hello(late, "");
    w.seconds(1);
    assert_eq!(likes(&mut w, late).last(), Some(&(37, 3, 0)));
    w.say(host, r#"{"type":"end"}"#);
    w.offer(host, &super::world::sending(9));
    w.say(host, r#"{"type":"golive"}"#);
    w.flow();
    w.seconds(1);
    assert_eq!(likes(&mut w, late), [(0, 0, 0)]);
}

#[test]
fn the_host_is_told_how_late_its_fans_see_it() {
    let mut w = World::new();
    let host = w.host("");
    let fans = ["a", "bb", "ccc"].map(|name| fan(&mut w, name));
    w.take(host);
    for (fan, ms) in fans.into_iter().zip([120, 180, 900]) {
        w.say(fan, &format!(r#"{{"type":"stats","latencyMs":{ms}}}"#));
    }
    w.say(fans[0], r#"{"type":"stats","latencyMs":-1}"#);
    w.say(host, r#"{"type":"stats","rttMs":21,"latencyMs":1}"#);
    w.seconds(5);
    let is_latency = |it: &ServerMessage| matches!(it, ServerMessage::Latency { .. });
    let mut told = w.take(host);
    told.retain(is_latency);
    let expect = ServerMessage::Latency { median_ms: 180.0, worst_ms: 900.0, n: 3 };
    assert_eq!(told, [expect]);
    w.seconds(60);
    assert_eq!(w.take(host).len(), 4, "until what they said is 30 s old");
    let is_latency = |it: &ServerMessage| matches!(it, ServerMessage::Latency { .. });
    assert!(!w.take(fans[0]).iter().any(is_latency), "fans are not told");
}
