//! What a client may do, and how slowly a secret is guessed.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod common;

use std::time::{Duration, Instant};

use auth::{
    Action, Auth, ClientAddr, Config, Credential, Denied, MAX_TICKETS, PublishOpen, Secret,
    SecretKind, TICKET_LIFETIME, WrongSecret,
};
use common::{KEY, LOOPBACK, STRANGER, auth, client};
use protocol::RoomName;

const OWN: [(&str, &str); 1] = [("host", "localhost:3000")];

fn may(
    auth: &Auth,
    client: &ClientAddr,
    action: Action,
    key: &str,
    now: Instant,
) -> Result<(), Denied> {
    let credential = Credential { key: Secret::parse(key).unwrap() };
    auth.may(client, action, &RoomName::parse("room").unwrap(), &credential, now)
}

fn closed() -> Auth {
    auth(Config { key: Some(Secret::new(KEY)), ..Config::default() })
}

#[test]
fn who_may_publish() {
    use Denied::{KeyRequired, KeyWrong};
    let now = Instant::now();
    let check = |open, key: Option<&str>, peer, given: &str| {
        let auth = auth(Config { open, key: key.map(Secret::new), ..Config::default() });
        may(&auth, &client(&auth, peer, &OWN), Action::Publish, given, now)
    };
    // As it comes.
    assert_eq!(check(None, None, LOOPBACK, ""), Ok(()));
    assert_eq!(check(None, None, STRANGER, ""), Err(KeyRequired));
    assert_eq!(check(None, None, STRANGER, KEY), Err(KeyWrong));
    // With a key.
    assert_eq!(check(None, Some(KEY), LOOPBACK, ""), Err(KeyRequired));
    assert_eq!(check(None, Some(KEY), STRANGER, KEY), Ok(()));
    assert_eq!(check(None, Some(KEY), STRANGER, "another key"), Err(KeyWrong));
    let open = Some(PublishOpen::Loopback);
    assert_eq!(check(open, Some(KEY), LOOPBACK, "another key"), Ok(()));
    assert_eq!(check(open, Some(KEY), STRANGER, ""), Err(KeyRequired));
    // Open to all, or to nobody.
    assert_eq!(check(Some(PublishOpen::All), Some(KEY), STRANGER, "another key"), Ok(()));
    assert_eq!(check(Some(PublishOpen::None), None, LOOPBACK, ""), Err(KeyRequired));
}

#[test]
fn watching_is_open_and_tells_nothing_of_the_key() {
    let auth = closed();
    let stranger = client(&auth, STRANGER, &[]);
    let now = Instant::now();
    for _ in 0..100 {
        assert_eq!(may(&auth, &stranger, Action::Watch, "a guess", now), Ok(()));
    }
    assert_eq!(may(&auth, &stranger, Action::Publish, "a guess", now), Err(Denied::KeyWrong));
}

#[test]
fn a_guesser_is_refused_after_ten_and_the_right_key_always_passes() {
    let auth = closed();
    let now = Instant::now();
    let stranger = client(&auth, STRANGER, &[]);
    let guess = |key: &str, now| may(&auth, &stranger, Action::Publish, key, now);
    for n in 0..10 {
        assert_eq!(guess(&format!("guess {n}"), now), Err(Denied::KeyWrong));
    }
    let retry_after = Duration::from_secs(48);
    let later = now + Duration::from_secs(12);
    assert_eq!(guess("guess 11", later), Err(Denied::TooManyWrong { retry_after }));
    let near = &KEY[..KEY.len() - 1];
    assert_eq!(guess(near, later), Err(Denied::TooManyWrong { retry_after }), "a near miss");
    assert_eq!(guess("", later), Err(Denied::KeyRequired), "no key is no guess");
    assert_eq!(guess(KEY, later), Ok(()), "a neighbour with the right key");
    assert_eq!(guess("guess 14", now + Duration::from_secs(60)), Err(Denied::KeyWrong));
}

#[test]
fn a_page_that_repeats_a_wrong_key_is_told_that_it_is_wrong_and_costs_its_neighbours_nothing() {
    let auth = closed();
    let now = Instant::now();
    let stranger = client(&auth, STRANGER, &[]);
    let guess = |key: &str| may(&auth, &stranger, Action::Publish, key, now);
    for _ in 0..100 {
        assert_eq!(guess("typo"), Err(Denied::KeyWrong));
    }
    for n in 0..9 {
        assert_eq!(guess(&format!("guess {n}")), Err(Denied::KeyWrong));
    }
    assert!(matches!(guess("guess 9"), Err(Denied::TooManyWrong { .. })));
    assert_eq!(guess("typo"), Err(Denied::KeyWrong), "nothing new is told by that");
}

#[test]
fn every_secret_counts_and_so_does_every_address_of_a_network() {
    let auth = closed();
    let now = Instant::now();
    let ours = Secret::new("ours");
    let kinds = [SecretKind::HostIdentity, SecretKind::SessionToken];
    for n in 0..9 {
        let client = client(&auth, &format!("2001:db8::{n}"), &[]);
        let guess = Secret::new(format!("guess {n}"));
        let found = auth.is_same(&client, kinds[n % 2], &ours, &guess, now);
        assert_eq!(found, Err(WrongSecret::Wrong));
    }
    let last = client(&auth, "2001:db8::ffff", &[]);
    assert_eq!(may(&auth, &last, Action::Publish, "guess", now), Err(Denied::KeyWrong));
    let retry_after = Duration::from_secs(60);
    let over = may(&auth, &last, Action::Publish, "another guess", now);
    assert_eq!(over, Err(Denied::TooManyWrong { retry_after }));
    for kind in kinds {
        let guessed = auth.is_same(&last, kind, &ours, &Secret::new("guess"), now);
        assert_eq!(guessed, Err(WrongSecret::TooMany { retry_after }));
        assert_eq!(auth.is_same(&last, kind, &ours, &ours, now), Ok(()), "the right one passes");
    }
    let other = client(&auth, "2001:db8:0:1::1", &[]);
    assert_eq!(may(&auth, &other, Action::Publish, "guess", now), Err(Denied::KeyWrong));
}

#[test]
fn where_anyone_may_publish_a_key_is_no_guess_and_an_identity_is() {
    let config = Config { open: Some(PublishOpen::All), ..Config::default() };
    let auth = auth(config);
    let now = Instant::now();
    let stranger = client(&auth, STRANGER, &[]);
    for _ in 0..100 {
        assert_eq!(may(&auth, &stranger, Action::Publish, "my own name", now), Ok(()));
    }
    let host = Secret::new("identity of the host");
    let guesses = (0..720).map(|n| {
        let guess = Secret::new(format!("guess {n}"));
        auth.is_same(&stranger, SecretKind::HostIdentity, &host, &guess, now)
    });
    assert_eq!(guesses.filter(|it| *it == Err(WrongSecret::Wrong)).count(), 10);
}

#[test]
fn at_the_server_itself_a_wrong_key_is_told_plainly_every_time() {
    let auth = closed();
    let now = Instant::now();
    let own = client(&auth, LOOPBACK, &OWN);
    assert!(own.is_own_machine);
    for n in 0..100 {
        let typo = format!("typo {n}");
        assert_eq!(may(&auth, &own, Action::Publish, &typo, now), Err(Denied::KeyWrong));
    }
    // What comes by loopback without the proof is counted with it.
    let proxied = client(&auth, LOOPBACK, &[("host", "live.example")]);
    let over = may(&auth, &proxied, Action::Publish, "typo", now);
    assert!(matches!(over, Err(Denied::TooManyWrong { .. })));
}

#[test]
fn refusals_say_what_to_do() {
    let retry_after = Duration::from_millis(1500);
    assert_eq!(
        Denied::TooManyWrong { retry_after }.to_string(),
        "too many wrong keys from this network; try again in 2 s"
    );
}

#[test]
fn the_words_of_the_configuration_are_the_same_in_every_file() {
    let words = ["all", "loopback", "none"].map(|it| serde_json::json!(it));
    let open = [PublishOpen::All, PublishOpen::Loopback, PublishOpen::None];
    assert_eq!(open.map(|it| serde_json::to_value(it).unwrap()), words);
}

#[test]
fn a_ticket_opens_its_test_rooms_and_lets_look_for_a_quarter_of_an_hour() {
    let auth = closed();
    let now = Instant::now();
    let stranger = client(&auth, STRANGER, &[]);
    let ticket = auth.issue_ticket(7, now);
    let publish = |room: &str, now| {
        let room = RoomName::parse(room).unwrap();
        auth.may(&stranger, Action::Publish, &room, &Credential::default(), now)
    };
    let test_room = format!("doctor-{}-udp4", ticket.reveal());
    assert_eq!(publish(&test_room, now), Ok(()));
    assert_eq!(publish("room", now), Err(Denied::KeyRequired));
    let foreign = format!("doctor-{:032x}-udp4", 8);
    assert_eq!(publish(&foreign, now), Err(Denied::KeyRequired));
    let look = |given: Option<&Secret>, is_ticket_enough, now| {
        auth.may_look(&stranger, given, is_ticket_enough, now)
    };
    assert_eq!(look(Some(&ticket), true, now), Ok(()));
    assert_eq!(look(Some(&ticket), false, now), Err(Denied::KeyWrong), "a ticket makes no tickets");
    assert_eq!(look(None, true, now), Err(Denied::KeyRequired));
    assert_eq!(look(Some(&Secret::new(KEY)), false, now), Ok(()));
    assert_eq!(auth.may_look(&client(&auth, LOOPBACK, &OWN), None, false, now), Ok(()));
    let later = now + TICKET_LIFETIME;
    assert_eq!(publish(&test_room, later), Err(Denied::KeyRequired));
    assert_eq!(look(Some(&ticket), true, later), Err(Denied::KeyWrong));
}

#[test]
fn one_ticket_too_many_takes_the_place_of_the_oldest() {
    let auth = closed();
    let now = Instant::now();
    let first = auth.issue_ticket(0, now);
    let others: Vec<Secret> =
        (1..=MAX_TICKETS as u128).map(|n| auth.issue_ticket(n, now)).collect();
    assert!(!auth.is_ticket(&first, now));
    assert!(others.iter().all(|it| auth.is_ticket(it, now)));
}
