//! Tokens and invitations: who comes in by them, and why not.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use auth::{
    Action, Auth, BadToken, ClientAddr, Config, Credential, Denied, Invite, InviteRole, Issuer,
    JwksAlgorithm, JwksRules, NewToken, RoomRules, Secret, SecretHash, Used, WatchPolicy, is_token,
};
use common::{STRANGER, auth, client};
use protocol::RoomName;

const NOW: u64 = 1_800_000_000;
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn new_token() -> NewToken {
    NewToken {
        room: room("room"),
        can_publish: false,
        can_watch: true,
        can_chat: false,
        is_admin: false,
        name: Some("Ann".into()),
        expires_s: NOW + 600,
    }
}

fn with_key() -> (Auth, ClientAddr) {
    let auth = auth(Config::default());
    auth.set_token_keys([("KBone".to_owned(), SECRET.to_owned())]);
    let rules = RoomRules { watch: WatchPolicy::Token, ..RoomRules::default() };
    auth.set_room(room("room"), Some(rules));
    let stranger = client(&auth, STRANGER, &[]);
    (auth, stranger)
}

/// What a door makes of a token.
fn shown(auth: &Auth, token: &str, now_s: u64) -> Credential {
    let shown = auth.read_token(token, now_s).map(Arc::new).map_err(Denied::TokenBad);
    let key = Some(Secret::fingerprint(token));
    Credential { key, person: None, shown: Some(shown) }
}

#[test]
fn a_token_gives_what_it_grants_and_nothing_that_it_does_not_state() {
    let (auth, stranger) = with_key();
    let now = Instant::now();
    let may = |new: NewToken, action, at: &str| {
        let token = new.sign("KBone", SECRET).unwrap();
        assert!(is_token(&token), "{token}");
        auth.may(&stranger, action, &room(at), &shown(&auth, &token, NOW), now)
    };
    let bad = |why| Err(Denied::TokenBad(why));
    assert_eq!(may(new_token(), Action::Watch, "room"), Ok(()));
    assert_eq!(may(new_token(), Action::Publish, "room"), bad(BadToken::NoPublish));
    assert_eq!(may(new_token(), Action::Publish, "other"), bad(BadToken::OtherRoom));
    let host = || NewToken { can_publish: true, can_watch: false, ..new_token() };
    assert_eq!(may(host(), Action::Publish, "room"), Ok(()));
    assert_eq!(may(host(), Action::Watch, "room"), Ok(()), "who publishes may watch");
    let nothing = NewToken { can_watch: false, ..new_token() };
    assert_eq!(may(nothing, Action::Watch, "room"), bad(BadToken::NoWatch));
    assert_eq!(
        auth.may(&stranger, Action::Watch, &room("room"), &Credential::default(), now),
        Err(Denied::TokenRequired)
    );
}

#[test]
fn a_token_is_refused_for_what_is_wrong_with_it() {
    let (auth, _) = with_key();
    let read = |token: &str, now_s| auth.read_token(token, now_s).unwrap_err();
    let good = new_token().sign("KBone", SECRET).unwrap();
    assert_eq!(read(&good, NOW + 631), BadToken::Expired);
    assert!(auth.read_token(&good, NOW + 629).is_ok(), "clocks differ a little");
    assert_eq!(read(&new_token().sign("KBone", "another").unwrap(), NOW), BadToken::Signature);
    assert_eq!(read(&new_token().sign("KBtwo", SECRET).unwrap(), NOW), BadToken::UnknownKey);
    for (text, why) in [
        ("", BadToken::Malformed),
        ("a.b.c", BadToken::Malformed),
        // {"alg":"none"}: an algorithm that no library knows is none that can be read.
        ("eyJhbGciOiJub25lIn0.eyJpc3MiOiJLQm9uZSJ9.", BadToken::Malformed),
        // {"alg":"HS512"}
        ("eyJhbGciOiJIUzUxMiJ9.eyJpc3MiOiJLQm9uZSJ9.AAAA", BadToken::Algorithm),
        // {"alg":"RS256"}: no provider is named.
        ("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJLQm9uZSJ9.AAAA", BadToken::Algorithm),
    ] {
        assert_eq!(read(text, NOW), why, "{text}");
    }
}

#[test]
fn a_public_key_is_no_secret_to_sign_with() {
    let (auth, _) = with_key();
    auth.set_jwks_rules(JwksRules {
        algorithms: JwksAlgorithm::ALL.to_vec(),
        ..JwksRules::default()
    });
    // A set with a shared secret in it, and with keys that cannot be read, has none that count.
    let set = br#"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"},{"kty":"EC","kid":"b","crv":"P-256","x":"!","y":"!"}]}"#;
    assert_eq!(auth.set_jwks(set), Ok(0));
    assert_eq!(auth.set_jwks(b"no json"), Err(BadToken::Malformed));
    let unknown = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImIifQ.eyJpc3MiOiJ4In0.AAAA";
    assert_eq!(auth.read_token(unknown, NOW), Err(BadToken::UnknownKey));
}

#[test]
fn a_key_that_is_revoked_takes_the_right_of_who_came_in_by_it() {
    let (auth, stranger) = with_key();
    let now = Instant::now();
    let token = new_token().sign("KBone", SECRET).unwrap();
    let credential = shown(&auth, &token, NOW);
    let still = || auth.still_may(&stranger, Action::Watch, &room("room"), &credential, now);
    assert!(still());
    auth.set_token_keys([]);
    assert!(!still());
    assert_eq!(
        auth.may(&stranger, Action::Watch, &room("room"), &credential, now),
        Err(Denied::TokenBad(BadToken::UnknownKey))
    );
}

#[test]
fn wrong_tokens_count_as_wrong_keys_do() {
    let (auth, stranger) = with_key();
    let now = Instant::now();
    let guess = |n: u32| {
        let token = new_token().sign("KBone", &format!("guess {n}")).unwrap();
        auth.may(&stranger, Action::Watch, &room("room"), &shown(&auth, &token, NOW), now)
    };
    for n in 0..10 {
        assert_eq!(guess(n), Err(Denied::TokenBad(BadToken::Signature)));
    }
    assert!(matches!(guess(10), Err(Denied::TooManyWrong { .. })));
    let good = new_token().sign("KBone", SECRET).unwrap();
    let right = shown(&auth, &good, NOW);
    assert_eq!(auth.may(&stranger, Action::Watch, &room("room"), &right, now), Ok(()));
}

fn invite(id: i64, code: &str) -> Invite {
    Invite {
        id,
        hash: SecretHash::of_key(&Secret::new(code)),
        role: InviteRole::Fan,
        until: None,
        uses: None,
        people: Vec::new(),
    }
}

fn person(code: &str, name: &str) -> Credential {
    let (key, person) = (Some(Secret::new(code)), Some(Secret::new(name)));
    Credential { key, person, shown: None }
}

#[test]
fn an_invitation_lets_as_many_people_in_as_it_says_and_each_as_often_as_it_comes() {
    let auth = auth(Config::default());
    let stranger = client(&auth, STRANGER, &[]);
    let now = Instant::now();
    let told = Arc::new(Mutex::new(Vec::new()));
    auth.on_use({
        let told = told.clone();
        move |used| told.lock().unwrap().push(used)
    });
    let rules =
        |invites| RoomRules { watch: WatchPolicy::Invited, invites, ..RoomRules::default() };
    let two = || vec![Invite { uses: Some(2), ..invite(7, "code") }];
    auth.set_room(room("room"), Some(rules(two())));
    let come = |name: &str| {
        let credential = person("code", name);
        let may = auth.may(&stranger, Action::Watch, &room("room"), &credential, now);
        if may.is_ok() {
            auth.use_credential(&room("room"), &credential, now);
        }
        may
    };
    assert_eq!(come("Ann"), Ok(()));
    assert_eq!(come("Ann"), Ok(()), "after a reload");
    assert_eq!(come("Bob"), Ok(()));
    assert_eq!(come("Cid"), Err(Denied::InviteUsedUp));
    // Other rules of the room forget nobody.
    auth.set_room(room("room"), Some(rules(two())));
    assert_eq!(come("Cid"), Err(Denied::InviteUsedUp));
    assert_eq!(come("Bob"), Ok(()));
    assert_eq!(told.lock().unwrap().len(), 2, "each person is told once");
    assert!(matches!(told.lock().unwrap()[0], Used::Invite(7, Some(_))));
    auth.set_room(room("room"), Some(rules(Vec::new())));
    assert_eq!(come("Bob"), Err(Denied::InviteWrong));
}

#[test]
fn an_invitation_that_expires_lets_nobody_new_in_and_sends_nobody_away() {
    let auth = auth(Config::default());
    let stranger = client(&auth, STRANGER, &[]);
    let now = Instant::now();
    let end = now + Duration::from_secs(60);
    let invites = vec![Invite { until: Some(end), ..invite(7, "code") }];
    let rules = RoomRules { watch: WatchPolicy::Invited, invites, ..RoomRules::default() };
    auth.set_room(room("room"), Some(rules));
    let credential = person("code", "Ann");
    let may = |now| auth.may(&stranger, Action::Watch, &room("room"), &credential, now);
    assert_eq!(may(now), Ok(()));
    assert_eq!(may(end), Err(Denied::InviteExpired));
    assert!(auth.still_may(&stranger, Action::Watch, &room("room"), &credential, end));
}

#[test]
fn a_service_is_asked_only_where_nothing_else_gives_the_right() {
    let auth = auth(Config { asks_service: true, ..Config::default() });
    let stranger = client(&auth, STRANGER, &[]);
    let now = Instant::now();
    let hash = SecretHash::of_password(&Secret::new("open sesame"), 7);
    let rules = RoomRules { watch: WatchPolicy::Password(hash), ..RoomRules::default() };
    auth.set_room(room("private"), Some(rules));
    let asks = |at: &str, key: Option<&str>| {
        let credential = Credential::of_key(key.map(Secret::new));
        auth.asks_service(&stranger, Action::Watch, &room(at), &credential, now)
    };
    assert!(asks("room", None));
    assert!(asks("private", None));
    assert!(!asks("private", Some("open sesame")));
    assert!(!auth.is_listed(&room("room")), "what it says of a stranger is not known");
    let nobody = Credential::default();
    let may = |credential| auth.may(&stranger, Action::Watch, &room("room"), credential, now);
    assert_eq!(may(&nobody), Err(Denied::ServiceRefused));
    let silent = Credential { shown: Some(Err(Denied::ServiceSilent)), ..Credential::default() };
    assert_eq!(may(&silent), Err(Denied::ServiceSilent));
    let grant = auth::Grant {
        by: Issuer::Service,
        room: room("room"),
        can_publish: false,
        can_watch: true,
        can_chat: true,
        is_admin: false,
        name: None,
    };
    let yes = Credential { shown: Some(Ok(Arc::new(grant))), ..Credential::default() };
    assert_eq!(may(&yes), Ok(()));
    assert_eq!(
        auth.may(&stranger, Action::Publish, &room("room"), &yes, now),
        Err(Denied::KeyRequired)
    );
}
