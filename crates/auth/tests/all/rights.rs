//! What a client may do, and how slowly a secret is guessed.

use std::time::{Duration, Instant};

use crate::common::{KEY, LOOPBACK, STRANGER, auth, client};
use auth::{
    Action, Auth, ClientAddr, Config, Credential, Denied, MAX_TICKETS, PublishOpen, RoomKey,
    RoomRules, Secret, SecretHash, SecretKind, TICKET_LIFETIME, WatchPolicy, WrongSecret,
};
use protocol::RoomName;

const OWN: [(&str, &str); 1] = [("host", "localhost:3000")];

fn may(
    auth: &Auth,
    client: &ClientAddr,
    action: Action,
    key: &str,
    now: Instant,
) -> Result<(), Denied> {
    let credential = Credential::of_key(Secret::parse(key).unwrap());
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

/// A room that was set up with these keys and this password.
fn set_up(auth: &Auth, keys: &[&str], password: Option<&str>) {
    let watch = password.map_or(WatchPolicy::Everybody, |password| {
        WatchPolicy::Password(SecretHash::of_password(&Secret::new(password), 7))
    });
    let key = |key: &&str| RoomKey { id: 1, hash: SecretHash::of_key(&Secret::new(*key)) };
    let keys = keys.iter().map(key).collect();
    auth.set_room(
        RoomName::parse("room").unwrap(),
        Some(RoomRules { watch, keys, ..RoomRules::default() }),
    );
}

#[test]
fn a_room_with_keys_asks_everybody_for_one_of_them_or_the_servers() {
    let now = Instant::now();
    for open in [None, Some(PublishOpen::All)] {
        let auth = auth(Config { open, key: Some(Secret::new(KEY)), ..Config::default() });
        set_up(&auth, &["key of ann", "key of bo"], None);
        for peer in [LOOPBACK, STRANGER] {
            let client = client(&auth, peer, &OWN);
            let publish = |key: &str| may(&auth, &client, Action::Publish, key, now);
            assert_eq!(publish(""), Err(Denied::KeyRequired));
            assert_eq!(publish("key of cy"), Err(Denied::KeyWrong));
            for right in ["key of ann", "key of bo", KEY] {
                assert_eq!(publish(right), Ok(()), "{right}");
            }
            assert_eq!(may(&auth, &client, Action::Watch, "anything", now), Ok(()));
        }
    }
}

#[test]
fn a_room_whose_last_key_was_taken_away_is_open_to_nobody_but_the_servers_key() {
    let now = Instant::now();
    let (open, key) = (Some(PublishOpen::All), Some(Secret::new(KEY)));
    let auth = auth(Config { open, key, ..Config::default() });
    let room = RoomName::parse("room").unwrap();
    auth.set_room(room, Some(RoomRules { had_key: true, ..RoomRules::default() }));
    for peer in [LOOPBACK, STRANGER] {
        let client = client(&auth, peer, &OWN);
        assert_eq!(may(&auth, &client, Action::Publish, "", now), Err(Denied::KeyRequired));
        assert_eq!(may(&auth, &client, Action::Publish, "old", now), Err(Denied::KeyWrong));
        assert_eq!(may(&auth, &client, Action::Publish, KEY, now), Ok(()));
    }
}

#[test]
fn a_password_is_asked_of_who_watches_and_is_no_key() {
    let (auth, now) = (closed(), Instant::now());
    set_up(&auth, &["key of ann"], Some("open sesame"));
    let own = client(&auth, LOOPBACK, &OWN);
    let watch = |given: &str| may(&auth, &own, Action::Watch, given, now);
    assert_eq!(watch(""), Err(Denied::PasswordRequired));
    assert_eq!(watch("open barley"), Err(Denied::PasswordWrong));
    for right in ["open sesame", "key of ann", KEY] {
        assert_eq!(watch(right), Ok(()), "{right}");
    }
    assert_eq!(may(&auth, &own, Action::Publish, "open sesame", now), Err(Denied::KeyWrong));
    let other = RoomName::parse("another").unwrap();
    assert_eq!(auth.may(&own, Action::Watch, &other, &Credential::default(), now), Ok(()));
}

#[test]
fn passwords_are_guessed_as_slowly_as_keys() {
    let (auth, now) = (closed(), Instant::now());
    set_up(&auth, &[], Some("open sesame"));
    let stranger = client(&auth, STRANGER, &[]);
    let watch = |given: &str| may(&auth, &stranger, Action::Watch, given, now);
    for n in 0..10 {
        assert_eq!(watch(&format!("guess {n}")), Err(Denied::PasswordWrong));
    }
    let retry_after = Duration::from_secs(60);
    assert_eq!(watch("guess 10"), Err(Denied::TooManyWrong { retry_after }));
    assert_eq!(watch("open sesame"), Ok(()), "who knows it is not kept out");
}

#[test]
fn a_right_that_was_taken_away_is_gone_and_asking_again_is_no_guess() {
    let (auth, now) = (closed(), Instant::now());
    let room = RoomName::parse("room").unwrap();
    let stranger = client(&auth, STRANGER, &[]);
    let still = |action, key: &str| {
        let credential = Credential::of_key(Some(Secret::new(key)));
        auth.still_may(&stranger, action, &room, &credential, now)
    };
    set_up(&auth, &["key of ann", "key of bo"], Some("one"));
    assert!(still(Action::Publish, "key of ann") && still(Action::Watch, "one"));
    set_up(&auth, &["key of bo"], Some("two"));
    for _ in 0..20 {
        assert!(!still(Action::Publish, "key of ann") && !still(Action::Watch, "one"));
    }
    assert!(still(Action::Publish, "key of bo") && still(Action::Watch, "two"));
    assert_eq!(may(&auth, &stranger, Action::Watch, "one", now), Err(Denied::PasswordWrong));
    auth.set_room(room.clone(), None);
    assert!(still(Action::Watch, "one") && !still(Action::Publish, "key of bo"));
}

#[test]
fn a_hash_tells_no_secret_and_is_the_same_after_a_restart() {
    let hash = SecretHash::of_password(&Secret::new("open sesame"), 7);
    let again = SecretHash::from_bytes(&hash.to_bytes()).unwrap();
    assert_eq!(again, hash);
    assert_ne!(hash, SecretHash::of_password(&Secret::new("open sesame"), 8), "salted");
    assert_eq!(format!("{hash:?}"), "…");
    assert_eq!(SecretHash::from_bytes(&[0; 31]), None);
}

#[test]
fn strangers_are_told_of_a_room_that_everybody_may_watch_alone() {
    let auth = closed();
    let room = RoomName::parse("room").unwrap();
    assert!(auth.is_listed(&room));
    let rules = RoomRules { watch: WatchPolicy::Unlisted, ..RoomRules::default() };
    auth.set_room(room.clone(), Some(rules));
    assert!(!auth.is_listed(&room));
    set_up(&auth, &[], Some("open sesame"));
    assert!(!auth.is_listed(&room));
}
