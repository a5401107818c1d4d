use std::collections::VecDeque;

use super::*;
use crate::testing::START;

const OURS: &str = "192.0.2.1:3000";

/// A viewer with any number of addresses.
struct Viewer {
    ice: Ice,
    credentials: Credentials,
    out: Outbox,
    ms: u64,
    /// Datagrams sent to the viewer, by its address.
    inbox: VecDeque<(u16, Vec<u8>)>,
}

impl Viewer {
    fn new() -> Self {
        let mut ice = Ice::new(0);
        let credentials = Credentials::random(0);
        ice.set_remote(credentials.clone());
        Self { ice, credentials, out: Outbox::default(), ms: 0, inbox: VecDeque::new() }
    }

    /// Creates a viewer whose path is at address `at`.
    fn connected(at: u16, priority: u32) -> Self {
        let mut it = Self::new();
        assert_eq!(it.check(at, priority, true), Checked::Moved);
        it.inbox.clear();
        it
    }

    fn now(&self) -> Instant {
        *START + Duration::from_millis(self.ms)
    }

    fn later(&mut self, ms: u64) -> bool {
        self.ms += ms;
        self.ice.handle_timeout(self.now())
    }

    fn send(&mut self, from: u16, contents: &[u8]) -> Checked {
        let destination = OURS.parse().unwrap();
        let datagram = Datagram { source: address(from).into(), destination, contents };
        let checked = self.ice.handle(&datagram, self.now(), &mut self.out);
        self.receive();
        checked
    }

    fn receive(&mut self) {
        for it in self.out.transmits() {
            let to = it.destination.addr.port();
            self.inbox.extend(it.datagrams().map(|bytes| (to, bytes.to_vec())));
        }
        self.out.clear();
    }

    fn username(&self) -> String {
        format!("{}:{}", self.ice.local().ufrag, self.credentials.ufrag)
    }

    fn check(&mut self, from: u16, priority: u32, is_nominated: bool) -> Checked {
        let (username, pwd) = (self.username(), self.ice.local().pwd.clone());
        let bytes = request(&username, &pwd, true, priority, is_nominated);
        self.send(from, &bytes)
    }

    /// Sends a handshake record from this address; returns whether it is processed.
    fn record(&mut self, from: u16) -> bool {
        let path = Path { local: OURS.parse().unwrap(), remote: address(from).into() };
        let is_taken = self.ice.record(path, true, self.now(), &mut self.out);
        self.receive();
        is_taken
    }

    /// Sends RTCP feedback, or any other authenticated packet.
    fn feedback(&mut self, from: u16) {
        let destination = OURS.parse().unwrap();
        let datagram = Datagram { source: address(from).into(), destination, contents: &[] };
        self.ice.heard_from(&datagram, self.now(), &mut self.out);
        self.receive();
    }

    /// Answers our checks of these addresses; returns whether the path changed.
    fn answer(&mut self, at: &[u16]) -> bool {
        let mut moved = false;
        for (to, bytes) in std::mem::take(&mut self.inbox) {
            let message = StunMessage::parse(&bytes).unwrap();
            if !message.is_binding_request() || !at.contains(&to) {
                continue;
            }
            assert!(message.verify(self.credentials.pwd.as_bytes(), hmac_sha1));
            let reply = StunMessage::binding_reply(message.trans_id(), address(9));
            let reply = bytes_of(reply, &self.credentials.pwd.clone());
            moved |= self.send(to, &reply) == Checked::Moved;
        }
        moved
    }

    fn at(&self) -> u16 {
        self.ice.path().unwrap().remote.addr.port()
    }
}

fn address(n: u16) -> SocketAddr {
    SocketAddr::from(([198, 51, 100, 1], n))
}

fn bytes_of(message: StunMessage<'_>, pwd: &str) -> Vec<u8> {
    let mut bytes = vec![0; 300];
    let len = message.to_bytes(Some(pwd.as_bytes()), &mut bytes, hmac_sha1).unwrap();
    bytes.truncate(len);
    bytes
}

fn request(username: &str, pwd: &str, controls: bool, priority: u32, nominates: bool) -> Vec<u8> {
    let id = TransId::new();
    let message = StunMessage::binding_request(username, id, controls, 7, priority, nominates);
    bytes_of(message, pwd)
}

#[test]
fn a_handshake_need_not_wait_for_a_nomination_only_for_a_check() {
    let mut it = Viewer::new();
    assert!(!it.record(1), "no check came from there");
    it.check(1, 100, false);
    it.check(2, 200, false);
    assert!(it.ice.path().is_none(), "a check alone must not select the path");
    assert!(!it.record(3));
    assert!(it.record(1));
    assert_eq!(it.at(), 1);
    it.inbox.clear();
    // Then any nominated path is better, once it is proven.
    it.check(2, 1, true);
    assert_eq!(it.at(), 1);
    assert!(it.answer(&[2]));
    assert_eq!(it.at(), 2);
}

#[test]
fn a_nomination_of_where_the_handshake_began_changes_nothing() {
    let mut it = Viewer::new();
    it.check(1, 100, false);
    assert!(it.record(1));
    assert_eq!(it.check(1, 100, true), Checked::Taken);
    it.inbox.clear();
    it.feedback(1);
    it.check(2, 50, true);
    assert!(!it.answer(&[2]), "a path of lower priority");
    assert_eq!(it.at(), 1);
}

#[test]
fn a_handshake_that_goes_on_elsewhere_is_heard_and_media_waits_for_a_proof() {
    let mut it = Viewer::new();
    it.check(1, 100, false);
    it.check(2, 200, false);
    assert!(it.record(1) && it.record(2), "both are processed");
    assert!(it.ice.path().is_none(), "either may be a copy that was faster");
    it.ice.shook_hands();
    it.inbox.clear();
    // Our check was lost, and the viewer has no reason to send another.
    it.ms += 100;
    assert_eq!(it.ice.deadline(), Some(it.now()));
    it.ice.poll(it.now(), &mut it.out);
    it.receive();
    assert_eq!(it.inbox.len(), 2, "each is asked again");
    assert!(it.answer(&[2]));
    assert_eq!(it.at(), 2);
    assert_eq!(it.ice.deadline(), None, "nothing is left to do");
}

#[test]
fn nobody_is_asked_for_ever_whether_he_is_there() {
    let mut it = Viewer::new();
    it.check(1, 100, false);
    it.check(2, 200, false);
    assert!(it.record(1) && it.record(2));
    it.inbox.clear();
    while let Some(at) = it.ice.deadline() {
        it.ms = (at - *START).as_millis() as u64;
        it.ice.poll(at, &mut it.out);
        it.receive();
    }
    assert!(it.inbox.len() <= 20, "{}", it.inbox.len());
    // It is checked again when it is heard again.
    assert_eq!(it.check(1, 100, true), Checked::Taken);
    assert!(it.answer(&[1]));
    assert_eq!(it.at(), 1);
}

#[test]
fn who_is_heard_elsewhere_before_the_old_path_was_silent_for_long_is_asked_when_it_was() {
    for is_check in [false, true] {
        let mut it = Viewer::connected(1, 100);
        it.ms += 3_000;
        it.feedback(1);
        it.ms += 100;
        // libjuice nominates nothing again.
        if is_check {
            it.check(2, 100, false);
        } else {
            it.feedback(2);
        }
        it.inbox.clear();
        assert_eq!(it.ice.deadline(), Some(it.now() + Duration::from_millis(400)), "{is_check}");
        it.ms += 400;
        it.ice.poll(it.now(), &mut it.out);
        it.receive();
        assert!(it.answer(&[2]), "{is_check}");
        assert_eq!(it.at(), 2);
    }
}

#[test]
fn a_path_that_is_proven_is_not_given_up_for_a_record_from_elsewhere() {
    let mut it = Viewer::connected(1, 100);
    it.check(2, 50, false);
    it.ice.shook_hands();
    assert!(it.record(2), "the viewer may not know that the handshake is done");
    assert_eq!(it.at(), 1, "anybody can repeat a record");
    assert!(it.answer(&[2]), "unless the viewer is there");
    assert_eq!(it.at(), 2);
}

#[test]
fn a_path_is_followed_once_it_is_nominated_and_better_and_answers() {
    let mut it = Viewer::connected(1, 100);
    it.feedback(1);
    it.check(2, 200, false);
    assert!(!it.answer(&[2]), "a path in reserve");
    it.check(2, 200, true);
    assert_eq!(it.at(), 1, "not before it is proven");
    assert!(it.answer(&[2]));
    assert_eq!(it.at(), 2);
    it.later(100);
    it.feedback(2);
    it.check(1, 100, true);
    assert!(!it.answer(&[1]), "the path of lower priority, nominated again");
    assert_eq!(it.at(), 2);
}

#[test]
fn two_paths_of_one_priority_do_not_flap() {
    let mut it = Viewer::connected(1, 100);
    let mut moves = 0;
    for n in 0..600_u32 {
        moves += u32::from(it.later(100));
        it.feedback(1);
        if n % 25 == 0 {
            it.check(1, 100, true);
            it.check(2, 100, true);
            moves += u32::from(it.answer(&[1, 2]));
        }
    }
    assert_eq!((moves, it.at()), (0, 1));
}

#[test]
fn a_viewer_that_nat_forgot_is_followed_half_a_second_after_it_was_last_heard() {
    let mut it = Viewer::connected(1, 100);
    it.later(10_000);
    it.feedback(1);
    it.later(50);
    it.check(2, 100, true);
    assert!(!it.answer(&[2]), "it may be another of its addresses");
    assert_eq!(it.ice.deadline(), Some(it.now() + Duration::from_millis(450)));
    assert!(!it.later(449));
    assert!(it.later(1));
    assert_eq!(it.at(), 2);
    assert_eq!(it.ice.deadline(), None, "nothing is left to do");
}

#[test]
fn a_proof_that_got_lost_is_asked_for_again() {
    let mut it = Viewer::connected(1, 100);
    it.later(1_000);
    it.check(2, 100, true);
    it.inbox.clear();
    it.feedback(2);
    assert!(it.inbox.is_empty(), "not at once");
    it.later(100);
    it.feedback(2);
    assert!(it.answer(&[2]));
    assert_eq!(it.at(), 2);
}

#[test]
fn many_strangers_do_not_keep_the_viewer_from_being_followed() {
    let mut it = Viewer::connected(1, 100);
    it.later(1_000);
    it.check(2, 100, true);
    for n in 0..2 {
        it.later(20);
        // Copies of checks whose ids are forgotten by now.
        it.check(10 + n, 100, true);
    }
    assert!(it.answer(&[2]));
    assert_eq!(it.at(), 2);
}

#[test]
fn who_repeats_what_he_overheard_is_not_answered() {
    let mut it = Viewer::connected(1, 100);
    let (username, pwd) = (it.username(), it.ice.local().pwd.clone());
    let bytes = request(&username, &pwd, true, 200, true);
    it.send(1, &bytes);
    it.later(50);
    it.inbox.clear();
    assert_eq!(it.send(2, &bytes), Checked::Refused);
    assert_eq!(it.inbox.len(), 0);
    let consented_at = it.ice.consented_at();
    assert_eq!(
        it.send(1, &bytes),
        Checked::Taken,
        "the viewer repeats a check whose answer was lost"
    );
    assert_eq!(it.inbox.len(), 1);
    assert_eq!(it.ice.consented_at(), consented_at, "a repeated check is no consent");
}

#[test]
fn a_stranger_is_sent_less_than_he_is_in_a_position_to_ask_for() {
    let mut it = Viewer::connected(1, 100);
    for _ in 0..1_000 {
        it.later(1);
        it.check(2, 100, true);
    }
    let sent = it.inbox.iter().filter(|(to, _)| *to == 2);
    assert!(sent.clone().count() <= 20, "a reply and a check in 100 ms: {}", sent.count());
    assert_eq!(it.at(), 1);
}

#[test]
fn a_viewer_that_moves_too_often_is_followed_later() {
    let mut it = Viewer::connected(1, 100);
    for n in 2..50 {
        it.later(20);
        it.check(n, 100 + u32::from(n), true);
        it.answer(&[n]);
    }
    assert_eq!(it.at(), 7, "after six changes");
    it.later(10_000);
    it.check(60, 200, true);
    assert!(it.answer(&[60]));
}

#[test]
fn a_viewer_that_would_be_controlled_is_told_to_change_its_role() {
    let mut it = Viewer::new();
    let (username, pwd) = (it.username(), it.ice.local().pwd.clone());
    let bytes = request(&username, &pwd, false, 100, false);
    assert_eq!(it.send(1, &bytes), Checked::Taken);
    let (_, reply) = it.inbox.pop_front().unwrap();
    let reply = StunMessage::parse(&reply).unwrap();
    assert_eq!(reply.error_code().map(|it| it.0), Some(487));
    assert!(reply.verify(pwd.as_bytes(), hmac_sha1));
    assert!(it.ice.path().is_none() && it.ice.consented_at().is_none());
}

#[test]
fn who_does_not_know_the_words_hears_nothing() {
    let mut it = Viewer::connected(1, 100);
    let (username, pwd) = (it.username(), it.ice.local().pwd.clone());
    let stranger = Credentials::random(0);
    for (username, pwd) in [
        (username.clone(), stranger.pwd.clone()),
        (format!("{}:{}", stranger.ufrag, it.credentials.ufrag), pwd.clone()),
        (format!("{}:{}", it.ice.local().ufrag, stranger.ufrag), pwd.clone()),
        (it.ice.local().ufrag.clone(), pwd.clone()),
        (":".into(), pwd.clone()),
    ] {
        let bytes = request(&username, &pwd, true, 900, true);
        assert_eq!(it.send(2, &bytes), Checked::Refused, "{username}");
    }
    // An answer to no check of ours, or one not signed by the viewer.
    it.check(2, 900, true);
    let (_, check) = it.inbox.pop_back().unwrap();
    let id = StunMessage::parse(&check).unwrap().trans_id();
    let (theirs, ours) = (it.credentials.pwd.clone(), pwd);
    for (id, pwd, from) in [(TransId::new(), &theirs, 2), (id, &ours, 2), (id, &theirs, 3)] {
        let reply = bytes_of(StunMessage::binding_reply(id, address(2)), pwd);
        assert_eq!(it.send(from, &reply), Checked::Refused);
    }
    assert_eq!(it.at(), 1);
    assert_eq!(it.inbox.len(), 1, "the answer to the right check alone");
}

#[test]
fn credentials_of_before_a_restart_hold_until_the_new_ones_are_used() {
    let mut it = Viewer::connected(1, 100);
    let (old_username, old_pwd) = (it.username(), it.ice.local().pwd.clone());
    let old = |it: &mut Viewer| {
        let bytes = request(&old_username, &old_pwd, true, 100, true);
        it.send(1, &bytes)
    };
    it.ice.restart();
    assert_eq!(old(&mut it), Checked::Taken, "before there is an answer");
    it.credentials = Credentials::random(0);
    it.ice.set_remote(it.credentials.clone());
    assert_eq!(old(&mut it), Checked::Taken, "and before the new ones are used");
    assert_eq!(it.check(1, 100, true), Checked::Taken);
    assert_eq!(old(&mut it), Checked::Refused);
    assert_eq!(it.at(), 1);
}

#[test]
fn after_a_restart_a_worse_path_is_followed_at_once() {
    // From Wi-Fi to the mobile network, while both are available.
    let mut it = Viewer::connected(1, 200);
    it.feedback(1);
    it.ice.restart();
    it.credentials = Credentials::random(0);
    it.ice.set_remote(it.credentials.clone());
    it.check(2, 100, true);
    assert!(it.answer(&[2]));
    assert_eq!(it.at(), 2);
}

#[test]
fn consent_is_given_on_the_path_in_use() {
    let mut it = Viewer::connected(1, 100);
    let began = it.now();
    for _ in 0..20 {
        it.later(1_000);
        it.feedback(1);
        it.check(2, 100, true);
        it.answer(&[]);
    }
    assert_eq!(
        it.ice.consented_at(),
        Some(began),
        "a check from elsewhere is no consent for this path"
    );
    it.check(1, 100, false);
    assert_eq!(it.ice.consented_at(), Some(it.now()));
}

#[test]
fn consent_is_given_to_any_address_of_ours() {
    let mut it = Viewer::connected(1, 100);
    it.later(5_000);
    let check = request(&it.username(), &it.ice.local().pwd.clone(), true, 100, false);
    let datagram = Datagram {
        source: address(1).into(),
        destination: "192.0.2.9:3000".parse().unwrap(),
        contents: &check,
    };
    assert_eq!(it.ice.handle(&datagram, it.now(), &mut it.out), Checked::Taken);
    assert_eq!(it.ice.consented_at(), Some(it.now()));
    assert_eq!(it.ice.path().map(|it| it.local), OURS.parse().ok());
}

#[test]
fn checks_that_overtake_the_answer_wait_for_it_and_copies_of_them_do_not() {
    let mut it = Viewer::new();
    it.ice = Ice::new(0);
    let early = request(&it.username(), &it.ice.local().pwd.clone(), true, 100, true);
    assert_eq!(it.send(1, &early), Checked::Pending, "it has our password");
    assert_eq!(it.send(1, &early), Checked::Pending, "the viewer repeats it");
    assert_eq!(it.send(2, &early), Checked::Refused, "an eavesdropper repeats it");
    let foreign = request(&it.username(), "another password, of nobody", true, 100, true);
    assert_eq!(it.send(9, &foreign), Checked::Refused);
    for port in 3..9 {
        assert_eq!(it.check(port, 100, false), Checked::Pending);
    }
    assert!(it.inbox.is_empty(), "no answer to the check before the SDP answer");
    it.ice.set_remote(it.credentials.clone());
    assert_eq!(it.send(2, &early), Checked::Refused);
    assert_eq!(it.send(1, &early), Checked::Moved);
    assert_eq!((it.inbox.len(), it.at()), (1, 1));
}
