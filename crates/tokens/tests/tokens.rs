//! Tokens: who comes in by them, and why not.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::sync::Arc;
use std::time::Instant;

use auth::{
    Action, Auth, BadToken, ClientAddr, Config, Credential, Denied, OwnAddresses, RoomRules,
    Secret, WatchPolicy,
};
use protocol::RoomName;
use tokens::{JwksAlgorithm, JwksRules, NewToken, Tokens, is_token};

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

fn with_key() -> (Auth, Tokens, ClientAddr) {
    let auth = Auth::new(Config::default(), OwnAddresses::default());
    let mut tokens = Tokens::default();
    tokens.set_own([("KBone".to_owned(), SECRET.to_owned())]);
    auth.set_token_keys(["KBone".to_owned()]);
    let rules = RoomRules { watch: WatchPolicy::Token, ..RoomRules::default() };
    auth.set_room(room("room"), Some(rules));
    let ip = "203.0.113.7".parse().unwrap();
    (auth, tokens, ClientAddr { ip, is_own_machine: false, is_trusted_network: false })
}

/// What a door makes of a token.
fn shown(tokens: &Tokens, token: &str, now_s: u64) -> Credential {
    let shown = tokens.read(token, now_s).map(Arc::new).map_err(Denied::TokenBad);
    let key = Some(Secret::fingerprint(token));
    Credential { key, person: None, shown: Some(shown) }
}

#[test]
fn a_token_gives_what_it_grants_and_nothing_that_it_does_not_state() {
    let (auth, tokens, stranger) = with_key();
    let now = Instant::now();
    let may = |new: NewToken, action, at: &str| {
        let token = new.sign("KBone", SECRET).unwrap();
        assert!(is_token(&token), "{token}");
        auth.may(&stranger, action, &room(at), &shown(&tokens, &token, NOW), now)
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
    let (_, tokens, _) = with_key();
    let read = |token: &str, now_s| tokens.read(token, now_s).unwrap_err();
    let good = new_token().sign("KBone", SECRET).unwrap();
    assert_eq!(read(&good, NOW + 631), BadToken::Expired);
    assert!(tokens.read(&good, NOW + 629).is_ok(), "clocks differ a little");
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
    let (_, mut tokens, _) = with_key();
    tokens.set_rules(JwksRules { algorithms: JwksAlgorithm::ALL.to_vec(), ..JwksRules::default() });
    // A set with a shared secret in it, and with keys that cannot be read, has none that count.
    let set = br#"{"keys":[{"kty":"oct","kid":"a","k":"c2VjcmV0"},{"kty":"EC","kid":"b","crv":"P-256","x":"!","y":"!"}]}"#;
    assert_eq!(tokens.set_jwks(set), Ok(0));
    assert_eq!(tokens.set_jwks(b"no json"), Err(BadToken::Malformed));
    let unknown = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImIifQ.eyJpc3MiOiJ4In0.AAAA";
    assert_eq!(tokens.read(unknown, NOW), Err(BadToken::UnknownKey));
}

#[test]
fn a_key_that_is_revoked_takes_the_right_of_who_came_in_by_it() {
    let (auth, tokens, stranger) = with_key();
    let now = Instant::now();
    let token = new_token().sign("KBone", SECRET).unwrap();
    let credential = shown(&tokens, &token, NOW);
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
    let (auth, tokens, stranger) = with_key();
    let now = Instant::now();
    let guess = |n: u32| {
        let token = new_token().sign("KBone", &format!("guess {n}")).unwrap();
        auth.may(&stranger, Action::Watch, &room("room"), &shown(&tokens, &token, NOW), now)
    };
    for n in 0..10 {
        assert_eq!(guess(n), Err(Denied::TokenBad(BadToken::Signature)));
    }
    assert!(matches!(guess(10), Err(Denied::TooManyWrong { .. })));
    let good = new_token().sign("KBone", SECRET).unwrap();
    let right = shown(&tokens, &good, NOW);
    assert_eq!(auth.may(&stranger, Action::Watch, &room("room"), &right, now), Ok(()));
}
