//! Invitations, and a service that decides: who comes in by them, and why not.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{STRANGER, auth, client};
use auth::{
    Action, Config, Credential, Denied, Invite, InviteRole, Issuer, RoomRules, Secret, SecretHash,
    Used, WatchPolicy,
};
use protocol::RoomName;

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
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
