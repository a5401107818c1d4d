//! Keeping order: moderators, mutes, bans, words, rules, and what is kept of it.

use std::collections::BTreeMap;

use protocol::{
    CloseCode, Desk, ErrorCode, PersonId, Role, RoomState, SelfInfo, ServerMessage, Standing,
};

use super::world::{Query, RECEIVING, World, in_room};
use crate::{ClientId, Request, SavedRoom};

/// A room with its host and some fans, each with a browser and an address of its own.
struct Story {
    w: World,
    host: ClientId,
    uids: BTreeMap<ClientId, PersonId>,
}

impl Story {
    fn new() -> Self {
        Self::of(World::new())
    }

    fn of(mut w: World) -> Self {
        let host = w.open_as("192.0.2.9", false, Query::default());
        w.hello(host, r#""role":"host","name":"Host","secret":"the host's""#);
        w.offer(host, super::world::SENDING);
        w.say(host, r#"{"type":"golive"}"#);
        w.flow();
        w.take(host);
        Self { w, host, uids: BTreeMap::new() }
    }

    /// A fan that comes in, if it is let in.
    fn try_fan(&mut self, name: &str, secret: &str, ip: &str) -> ClientId {
        let fan = self.w.open_as(ip, false, Query::default());
        self.w.hello(fan, &format!(r#""name":"{name}","secret":"{secret}""#));
        self.w.seconds(2);
        fan
    }

    fn fan(&mut self, name: &str, ip: &str) -> ClientId {
        let fan = self.try_fan(name, name, ip);
        let me = welcome(&self.w.take(fan)).expect("it may be here").0;
        self.uids.insert(fan, me.uid);
        fan
    }

    fn uid(&self, fan: ClientId) -> String {
        self.uids[&fan].as_str().to_owned()
    }

    /// Says something; the error that it is answered with.
    fn refused(&mut self, who: ClientId, message: &str) -> Option<ErrorCode> {
        self.w.take(who);
        self.w.say(who, message);
        self.w.take(who).into_iter().find_map(|message| match message {
            ServerMessage::Error { code, .. } => Some(code),
            _ => None,
        })
    }

    /// Acts on a person; whether that was allowed.
    fn moderate(&mut self, who: ClientId, action: &str, whom: ClientId, more: &str) -> bool {
        let uid = self.uid(whom);
        let message = format!(r#"{{"type":"moderate","action":"{action}","uid":"{uid}"{more}}}"#);
        self.refused(who, &message).is_none()
    }

    fn chat(&mut self, who: ClientId, text: &str) -> Result<u64, ErrorCode> {
        self.w.seconds(2);
        self.w.take(who);
        self.w.say(who, &format!(r#"{{"type":"chat","text":"{text}"}}"#));
        let told = self.w.take(who).into_iter().find_map(|message| match message {
            ServerMessage::Sent { item, .. } => Some(Ok(item.mid)),
            ServerMessage::Error { code, .. } => Some(Err(code)),
            _ => None,
        });
        told.expect("an answer")
    }

    /// The state as it was told last.
    fn state(&mut self, who: ClientId) -> Option<RoomState> {
        self.w.take(who).into_iter().rev().find_map(|message| match message {
            ServerMessage::State(state) => Some(state),
            _ => None,
        })
    }

    fn desk(&mut self, who: ClientId) -> Option<Desk> {
        self.w.take(who).into_iter().rev().find_map(|message| match message {
            ServerMessage::Desk(desk) => Some(desk),
            _ => None,
        })
    }

    /// The room as it was saved last.
    fn saved(&mut self) -> SavedRoom {
        self.w.seconds(5);
        self.w.saved.last().cloned().expect("it was saved")
    }
}

fn welcome(told: &[ServerMessage]) -> Option<(SelfInfo, RoomState)> {
    told.iter().find_map(|message| match message {
        ServerMessage::Welcome { me, room, .. } => Some((me.clone(), room.clone())),
        _ => None,
    })
}

const BAN: &str = r#","address":true"#;
const BAN_PERSON: &str = r#","address":false"#;

#[test]
fn a_banned_person_is_out_and_does_not_come_back_under_another_name() {
    let mut story = Story::new();
    let (troll, host) = (story.fan("Troll", "192.0.2.66"), story.host);
    let witness = story.fan("Witness", "192.0.2.70");
    assert!(story.moderate(host, "ban", troll, BAN_PERSON));
    let told = story.w.take(troll);
    let bye = ServerMessage::Bye { reason: "banned".into(), retry_ms: None };
    assert_eq!(told.last(), Some(&bye));
    assert_eq!(story.w.close_code(troll), Some(CloseCode::Banned));
    assert_eq!(story.w.close_code(witness), None);
    let again = story.try_fan("Somebody else", "Troll", "198.51.100.1");
    assert_eq!(story.w.errors(again), [ErrorCode::Banned]);
    assert_eq!(story.w.close_code(again), Some(CloseCode::Banned));
    let neighbour = story.try_fan("Neighbour", "another", "192.0.2.66");
    assert!(welcome(&story.w.take(neighbour)).is_some(), "its address is not banned");
    assert!(story.moderate(host, "unban", troll, ""));
    let back = story.try_fan("Troll", "Troll", "192.0.2.66");
    assert!(welcome(&story.w.take(back)).is_some());
}

#[test]
fn a_banned_address_lets_nobody_in_but_host_and_moderators_until_it_is_lifted() {
    let mut story = Story::new();
    let (troll, host) = (story.fan("Troll", "192.0.2.66"), story.host);
    let inside = story.fan("Inside", "192.0.2.66");
    let moderator = story.fan("Mod", "192.0.2.66");
    assert!(story.moderate(host, "promote", moderator, r#","on":true"#));
    assert!(story.moderate(host, "ban", troll, BAN));
    assert_eq!(story.w.close_code(inside), None, "who is in and somebody else stays");
    let newcomer = story.try_fan("New", "new", "192.0.2.66");
    assert_eq!(story.w.errors(newcomer), [ErrorCode::Banned]);
    let moderator = story.try_fan("Mod", "Mod", "192.0.2.66");
    assert!(welcome(&story.w.take(moderator)).is_some(), "a moderator is never refused");
    let host_too = story.w.open_as("192.0.2.66", false, Query::default());
    story.w.hello(host_too, r#""role":"host","secret":"the host's""#);
    assert!(welcome(&story.w.take(host_too)).is_some(), "nor is the host");
    let claims = story.w.open_as("192.0.2.66", false, Query::default());
    story.w.hello(claims, r#""role":"host","secret":"new""#);
    assert_eq!(story.w.errors(claims), [ErrorCode::Banned], "who says to host is not the host");
    assert!(story.moderate(host, "ban", troll, BAN_PERSON));
    let newcomer = story.try_fan("New", "new", "192.0.2.66");
    assert!(welcome(&story.w.take(newcomer)).is_some());
    let troll = story.try_fan("Troll", "Troll", "192.0.2.66");
    assert_eq!(story.w.errors(troll), [ErrorCode::Banned], "the person still is");
}

#[test]
fn players_and_basic_pages_of_a_banned_address_end_and_are_refused() {
    let mut story = Story::new();
    let (troll, host) = (story.fan("Troll", "192.0.2.66"), story.host);
    let basic = story.w.open_as("192.0.2.66", false, Query::default());
    story.w.offer(basic, RECEIVING);
    let other = story.w.open_as("192.0.2.67", false, Query::default());
    story.w.offer(other, RECEIVING);
    story.w.take(basic);
    assert!(story.moderate(host, "ban", troll, BAN));
    assert_eq!(story.w.errors(basic), [ErrorCode::Banned]);
    assert_eq!(story.w.close_code(basic), Some(CloseCode::Banned));
    assert_eq!(story.w.close_code(other), None);
    let again = story.w.open_as("192.0.2.66", false, Query::default());
    story.w.offer(again, RECEIVING);
    assert_eq!(story.w.errors(again), [ErrorCode::Banned]);
    let silent = story.w.open_as("192.0.2.66", false, Query::default());
    story.w.seconds(1);
    assert_eq!(story.w.errors(silent), [ErrorCode::Banned]);
    let writes = story.w.open_as("192.0.2.66", false, in_room("other"));
    story.w.say(writes, r#"{"type":"chat","text":"hi"}"#);
    assert_eq!(story.w.errors(writes), [], "another room has bans of its own");
}

#[test]
fn the_host_is_above_moderators_and_they_are_above_fans_alone() {
    let mut story = Story::new();
    let host = story.host;
    let [one, two, fan] = ["One", "Two", "Fan"].map(|name| story.fan(name, "192.0.2.80"));
    let host_uid = story.w.session(host).1.person.clone().unwrap();
    story.uids.insert(host, host_uid);
    assert!(!story.moderate(fan, "mute", one, r#","seconds":60"#), "fans keep no order");
    for moderator in [one, two] {
        assert!(story.moderate(host, "promote", moderator, r#","on":true"#));
        let told = story.w.take(moderator);
        let you = told.into_iter().find_map(|message| match message {
            ServerMessage::You(me) => Some(me.standing),
            _ => None,
        });
        assert_eq!(you, Some(Standing::Moderator));
    }
    for (action, more) in [("mute", r#","seconds":60"#), ("ban", BAN), ("clear", "")] {
        assert!(!story.moderate(one, action, two, more), "{action} of a moderator");
        assert!(!story.moderate(one, action, host, more), "{action} of the host");
        assert!(!story.moderate(host, action, host, more), "{action} of oneself");
        assert!(story.moderate(one, action, fan, more), "{action} of a fan");
    }
    assert!(!story.moderate(one, "promote", fan, r#","on":true"#), "only the host promotes");
    let mid = story.chat(host, "mine").unwrap();
    let delete = format!(r#"{{"type":"moderate","action":"delete","mid":{mid}}}"#);
    assert_eq!(story.refused(one, &delete), Some(ErrorCode::Forbidden));
    assert_eq!(story.refused(host, &delete), None, "the host takes its own line back");
    assert!(story.moderate(host, "promote", one, r#","on":false"#));
    assert!(!story.moderate(one, "unban", fan, ""));
}

#[test]
fn a_mute_ends_by_itself_and_holds_over_reconnects() {
    let mut story = Story::new();
    let (host, fan) = (story.host, story.fan("Fan", "192.0.2.80"));
    assert!(story.moderate(host, "mute", fan, r#","seconds":60"#));
    let until = story.w.take(fan).into_iter().find_map(|message| match message {
        ServerMessage::You(me) => me.muted_until,
        _ => None,
    });
    assert!(until.is_some());
    assert_eq!(story.chat(fan, "hi"), Err(ErrorCode::Muted));
    story.w.drop_socket(fan, Some(1001));
    let again = story.try_fan("Other", "Fan", "192.0.2.81");
    let (me, _) = welcome(&story.w.take(again)).unwrap();
    assert_eq!(me.muted_until, until);
    assert_eq!(story.chat(again, "hi"), Err(ErrorCode::Muted));
    story.w.seconds(60);
    assert!(story.chat(again, "hi").is_ok());
    assert!(!story.moderate(host, "mute", fan, r#","seconds":2592001"#), "30 days at most");
}

#[test]
fn lines_are_taken_away_and_one_stands_above_the_chat() {
    let mut story = Story::new();
    let (host, fan) = (story.host, story.fan("Fan", "192.0.2.80"));
    let mids: Vec<u64> = ["one", "two", "three"].map(|text| story.chat(fan, text).unwrap()).into();
    story.w.seconds(1);
    let act = |action: &str, mid: u64| {
        format!(r#"{{"type":"moderate","action":"{action}","mid":{mid}}}"#)
    };
    assert_eq!(story.refused(host, &act("pin", mids[1])), None);
    let pinned = story.state(fan).unwrap().pinned.unwrap();
    assert_eq!(pinned.mid, mids[1]);
    assert_eq!(story.refused(host, &act("delete", mids[1])), None);
    let told = story.w.take(fan);
    let removed = ServerMessage::ChatRemoved { mids: vec![mids[1]], uid: None };
    assert!(told.contains(&removed), "{told:?}");
    let (_, room) = {
        let late = story.try_fan("L", "l", "192.0.2.82");
        welcome(&story.w.take(late)).unwrap()
    };
    assert_eq!(room.pinned, None, "a line that is gone stands nowhere");
    assert_eq!(story.refused(host, &act("delete", mids[1])), Some(ErrorCode::NotFound));
    assert!(story.moderate(host, "clear", fan, ""));
    let told = story.w.take(fan);
    let removed = told.into_iter().find_map(|message| match message {
        ServerMessage::ChatRemoved { mids, uid } => Some((mids, uid)),
        _ => None,
    });
    let uid = Some(story.uids[&fan].clone());
    assert_eq!(removed, Some((vec![mids[0], mids[2]], uid)));
}

#[test]
fn the_desk_shows_who_is_here_what_was_reported_and_what_was_done() {
    let mut story = Story::new();
    let (host, fan) = (story.host, story.fan("Fan", "192.0.2.80"));
    let other = story.fan("Other", "192.0.2.81");
    assert_eq!(story.refused(fan, r#"{"type":"desk","on":true}"#), Some(ErrorCode::Forbidden));
    let mid = story.chat(fan, "rude").unwrap();
    story.w.say(host, r#"{"type":"desk","on":true}"#);
    let desk = story.desk(host).unwrap();
    let names: Vec<_> = desk.people.iter().map(|it| it.person.name.as_str()).collect();
    assert_eq!(names, ["Fan", "Host", "Other"]);
    assert_eq!(desk.people[1].person.standing, Standing::Host);
    let flag = format!(r#"{{"type":"flag","mid":{mid}}}"#);
    for _ in 0..2 {
        assert_eq!(story.refused(other, &flag), None);
    }
    assert_eq!(story.refused(fan, &flag), None);
    story.w.seconds(1);
    let desk = story.desk(host).unwrap();
    assert_eq!((desk.flagged[0].item.mid, desk.flagged[0].n), (mid, 2), "each counts once");
    story.w.say(host, &format!(r#"{{"type":"moderate","action":"settle","mid":{mid}}}"#));
    assert!(story.moderate(host, "mute", fan, r#","seconds":60"#));
    assert!(story.moderate(host, "ban", other, BAN));
    story.w.seconds(1);
    let desk = story.desk(host).unwrap();
    assert_eq!(desk.flagged, []);
    assert_eq!(desk.bans.len(), 1);
    let log: Vec<_> =
        desk.log.iter().map(|it| it.name.as_ref().map(|name| name.as_str())).collect();
    assert_eq!(log, [Some("Other"), Some("Fan"), None], "newest first");
    assert!(
        desk.people
            .iter()
            .find(|it| it.person.name.as_str() == "Fan")
            .unwrap()
            .muted_until
            .is_some()
    );
    story.w.say(host, r#"{"type":"desk","on":false}"#);
    story.fan("New", "192.0.2.83");
    assert_eq!(story.desk(host), None);
}

#[test]
fn rules_say_who_may_write_and_when() {
    let mut story = Story::new();
    let (host, fan) = (story.host, story.fan("Fan", "192.0.2.80"));
    let set = |story: &mut Story, rules: &str| {
        story.w.seconds(2);
        let message = format!(r#"{{"type":"room_set","chat":{rules}}}"#);
        assert_eq!(story.refused(host, &message), None);
        assert!(story.state(fan).is_some(), "all are told");
    };
    set(&mut story, r#"{"on":false,"slowS":0,"invitedOnly":false,"history":true}"#);
    assert_eq!(story.chat(fan, "hi"), Err(ErrorCode::ChatOff));
    assert!(story.chat(host, "hi").is_ok());
    set(&mut story, r#"{"on":true,"slowS":60,"invitedOnly":false,"history":true}"#);
    assert!(story.chat(fan, "hi").is_ok());
    assert_eq!(story.chat(fan, "hi"), Err(ErrorCode::ChatSlow));
    story.w.seconds(60);
    assert!(story.chat(fan, "hi").is_ok());
    set(&mut story, r#"{"on":true,"slowS":0,"invitedOnly":true,"history":true}"#);
    assert_eq!(story.chat(fan, "hi"), Err(ErrorCode::ChatOff));
    story.w.say(host, r#"{"type":"desk","on":true}"#);
    let code = story.desk(host).unwrap().invite;
    let guest = story.w.open();
    story.w.hello(guest, &format!(r#""name":"Guest","secret":"g","invite":"{code}""#));
    assert!(welcome(&story.w.take(guest)).unwrap().0.invited);
    assert!(story.chat(guest, "hi").is_ok());
    set(&mut story, r#"{"on":true,"slowS":0,"invitedOnly":false,"history":false}"#);
    let late = story.try_fan("Late", "late", "192.0.2.85");
    let n_lines = story.w.take(late).into_iter().find_map(|message| match message {
        ServerMessage::Chats { items, history: true, .. } => Some(items.len()),
        _ => None,
    });
    assert_eq!(n_lines, Some(0), "nothing is kept for who comes later");
    assert_eq!(story.saved().lines.len(), 0);
}

#[test]
fn words_that_a_room_does_not_want_are_in_no_message_and_no_name() {
    let mut story = Story::new();
    let (host, fan) = (story.host, story.fan("Fan", "192.0.2.80"));
    let words: Vec<String> = (0..200).map(|n| format!("{}{n}", "坏".repeat(28))).collect();
    let long = serde_json::json!({"type": "room_set", "words": words}).to_string();
    assert!(long.len() > protocol::MAX_SMALL_MESSAGE_BYTES);
    assert_eq!(story.refused(host, &long), None, "a full list fits");
    assert_eq!(story.refused(host, r#"{"type":"room_set","words":["坏话","bad"]}"#), None);
    assert_eq!(story.chat(fan, "这是 坏 话"), Err(ErrorCode::ChatBlocked));
    assert_eq!(story.chat(fan, "b.a.d"), Err(ErrorCode::ChatBlocked));
    assert!(story.chat(fan, "badge").is_ok());
    assert_eq!(
        story.refused(fan, r#"{"type":"rename","name":"Bad"}"#),
        Some(ErrorCode::ChatBlocked)
    );
    let named = story.try_fan("bad", "x", "192.0.2.86");
    assert_eq!(welcome(&story.w.take(named)).unwrap().0.name, None);
    story.w.seconds(5);
    for bad in [
        r#"{"type":"room_set","words":["一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三"]}"#,
        r#"{"type":"room_set","chat":{"on":true,"slowS":3601,"invitedOnly":false,"history":true}}"#,
    ] {
        assert_eq!(story.refused(host, bad), Some(ErrorCode::BadField));
    }
}

#[test]
fn the_host_names_the_room_and_moderators_do_not() {
    let mut story = Story::new();
    let (host, fan) = (story.host, story.fan("Fan", "192.0.2.80"));
    let title = r#"{"type":"room_set","title":"Evening","notice":"Be kind"}"#;
    assert_eq!(story.refused(fan, title), Some(ErrorCode::Forbidden));
    assert!(story.moderate(host, "promote", fan, r#","on":true"#));
    assert_eq!(story.refused(fan, title), Some(ErrorCode::Forbidden));
    assert_eq!(story.refused(fan, r#"{"type":"room_set","words":["x"]}"#), None);
    assert_eq!(story.refused(host, title), None);
    let state = story.state(fan).unwrap();
    assert_eq!(state.title.unwrap().as_str(), "Evening");
    let summary = &story.w.hub.summaries()[0];
    assert_eq!(summary.title.as_ref().unwrap().as_str(), "Evening");
    assert_eq!(story.refused(host, r#"{"type":"room_set","title":""}"#), None);
    let state = story.state(fan).unwrap();
    assert_eq!((state.title, state.notice.unwrap().as_str()), (None, "Be kind"));
}

#[test]
fn a_room_is_as_it_was_when_all_have_left_and_after_a_restart() {
    let mut story = Story::new();
    let (host, troll) = (story.host, story.fan("Troll", "192.0.2.66"));
    let moderator = story.fan("Mod", "192.0.2.80");
    let mid = story.chat(moderator, "kept").unwrap();
    assert!(story.moderate(host, "promote", moderator, r#","on":true"#));
    assert!(story.moderate(host, "ban", troll, BAN));
    story.w.say(host, r#"{"type":"room_set","title":"Evening","words":["bad"]}"#);
    let cover =
        crate::Input::Cover { room: "default".to_owned().try_into().unwrap(), version: Some(7) };
    story.w.input(cover);
    for client in [host, moderator] {
        story.w.say(client, r#"{"type":"leave"}"#);
    }
    assert!(story.w.hub.rooms.is_empty(), "nobody is here");
    let saved = story.saved();
    let text = serde_json::to_string(&saved).unwrap();
    assert_eq!(serde_json::from_str::<SavedRoom>(&text).unwrap(), saved);
    let mut restarted = World::new();
    restarted.hub.restore([saved]);
    for w in [&mut story.w, &mut restarted] {
        let troll = w.open_as("192.0.2.66", false, Query::default());
        w.hello(troll, r#""name":"New","secret":"new""#);
        assert_eq!(w.errors(troll), [ErrorCode::Banned]);
        let back = w.open();
        w.hello(back, r#""secret":"Mod""#);
        let told = w.take(back);
        let (me, room) = welcome(&told).unwrap();
        assert_eq!(me.standing, Standing::Moderator);
        assert_eq!(room.title.unwrap().as_str(), "Evening");
        assert_eq!(room.cover, Some(7));
        let lines = told.iter().find_map(|message| match message {
            ServerMessage::Chats { items, history: true, .. } => Some(items.clone()),
            _ => None,
        });
        assert_eq!(lines.unwrap().last().unwrap().mid, mid);
        w.say(back, r#"{"type":"rename","name":"Mod"}"#);
        w.say(back, r#"{"type":"chat","text":"more"}"#);
        let sent = w.take(back).into_iter().find_map(|message| match message {
            ServerMessage::Sent { item, .. } => Some(item.mid),
            _ => None,
        });
        assert_eq!(sent, Some(mid + 1), "lines are numbered on");
    }
}

#[test]
fn a_room_in_which_only_fans_have_been_is_not_kept() {
    let mut w = World::new();
    let fan = w.open();
    w.hello(fan, r#""name":"Fan""#);
    w.say(fan, r#"{"type":"chat","text":"anybody here?"}"#);
    w.say(fan, r#"{"type":"leave"}"#);
    w.seconds(5);
    assert!(w.saved.is_empty());
}

#[test]
fn players_of_a_banned_address_end_and_are_refused_also_when_all_have_left() {
    let mut story = Story::new();
    let (host, troll) = (story.host, story.fan("Troll", "192.0.2.66"));
    let player = story.w.program("192.0.2.66", Role::Fan, None).unwrap();
    let watch = Request::Watch { offer: Some(RECEIVING.into()) };
    story.w.ask(player, watch).unwrap();
    assert!(story.moderate(host, "ban", troll, BAN));
    assert!(story.w.close_code(player).is_some(), "it ends");
    let refused = |w: &mut World, role| w.program("192.0.2.66", role, None).unwrap_err().code;
    assert_eq!(refused(&mut story.w, Role::Fan), ErrorCode::Banned);
    assert_eq!(refused(&mut story.w, Role::Host), ErrorCode::Banned);
    assert!(story.w.program("192.0.2.67", Role::Fan, None).is_ok());
    story.w.say(host, r#"{"type":"leave"}"#);
    story.w.seconds(90);
    assert_eq!(refused(&mut story.w, Role::Fan), ErrorCode::Banned, "the ban is kept");
}

#[test]
fn the_hosts_encoder_is_not_refused_for_a_troll_at_its_address() {
    let key = "a key of the server";
    let mut story = Story::of(World::with(|setup| {
        setup.open = auth::PublishOpen::All;
        setup.key = Some(key.into());
    }));
    let (host, troll) = (story.host, story.fan("Troll", "192.0.2.9"));
    assert!(story.moderate(host, "ban", troll, BAN));
    assert!(story.w.program("192.0.2.9", Role::Host, None).is_ok(), "by the host's own address");
}
