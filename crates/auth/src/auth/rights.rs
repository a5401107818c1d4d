//! What a client may do in a room.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::RoomName;

use super::Auth;
use crate::action::Action;
use crate::credential::{Credential, Denied};
use crate::grant::{BadToken, Grant, Issuer};
use crate::rooms::{ChatPolicy, InviteRole, RoomRules, Rooms, Used, WatchPolicy};
use crate::wrong_secrets::Guess;
use crate::{ClientAddr, PublishOpen, Secret, SecretKind, passes};

/// Told what was used.
pub(super) struct Tell(Box<dyn Fn(Used) + Send + Sync>);

impl fmt::Debug for Tell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tell")
    }
}

/// What a client lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    Key,
    Password,
    Invite(Denied),
    Token,
    Service,
}

impl Auth {
    /// Whether a client may do something in a room. A wrong secret is counted, unless it is a repetition.
    ///
    /// # Errors
    /// When it may not.
    pub fn may(
        &self,
        client: &ClientAddr,
        action: Action,
        room: &RoomName,
        credential: &Credential,
        now: Instant,
    ) -> Result<(), Denied> {
        let Some(lack) = self.lack(client, action, room, credential, now) else { return Ok(()) };
        let given = credential.key.as_ref();
        let count = |kind, denied| self.count(client, kind, given, denied, now);
        Err(match &credential.shown {
            // What the door learned of it says more.
            Some(Err(denied @ Denied::TokenBad(_))) => count(SecretKind::Token, *denied),
            Some(Err(denied)) => *denied,
            Some(Ok(grant)) if grant.by != Issuer::Service => {
                Denied::TokenBad(self.shortcoming(grant, action, room))
            }
            _ => match (lack, given) {
                (Lack::Key, None) => Denied::KeyRequired,
                (Lack::Key, Some(given)) => self.wrong_key(client, given, now),
                (Lack::Password, None) => Denied::PasswordRequired,
                (Lack::Password, Some(_)) => count(SecretKind::Password, Denied::PasswordWrong),
                (Lack::Invite(_), None) => Denied::InviteRequired,
                (Lack::Invite(denied @ Denied::InviteWrong), Some(_)) => {
                    count(SecretKind::Invite, denied)
                }
                (Lack::Invite(denied), Some(_)) => denied,
                (Lack::Token, None) => Denied::TokenRequired,
                (Lack::Token, Some(_)) => {
                    count(SecretKind::Token, Denied::TokenBad(BadToken::Malformed))
                }
                (Lack::Service, _) => Denied::ServiceRefused,
            },
        })
    }

    /// Counts a wrong secret; what its client is told.
    fn count(
        &self,
        client: &ClientAddr,
        kind: SecretKind,
        given: Option<&Secret>,
        denied: Denied,
        now: Instant,
    ) -> Denied {
        let Some(given) = given else { return denied };
        let guess = Guess { kind, ours: None, given };
        match self.count_wrong(client, guess, now) {
            Some(retry_after) => Denied::TooManyWrong { retry_after },
            None => denied,
        }
    }

    fn shortcoming(&self, grant: &Grant, action: Action, room: &RoomName) -> BadToken {
        if !self.is_known(&grant.by) {
            return BadToken::UnknownKey;
        }
        if grant.room != *room {
            return BadToken::OtherRoom;
        }
        match action {
            Action::Publish => BadToken::NoPublish,
            Action::Watch => BadToken::NoWatch,
        }
    }

    /// Whether a client that had a right has it still, after the rules of its room have changed. It is no guess: nothing
    /// is counted. An invitation that has expired meanwhile still holds.
    pub fn still_may(
        &self,
        client: &ClientAddr,
        action: Action,
        room: &RoomName,
        credential: &Credential,
        now: Instant,
    ) -> bool {
        matches!(
            self.lack(client, action, room, credential, now),
            None | Some(Lack::Invite(Denied::InviteExpired | Denied::InviteUsedUp))
        )
    }

    /// What a client lacks for an action. A secret that is not asked for is not compared: the answer would tell whether
    /// it is right.
    fn lack(
        &self,
        client: &ClientAddr,
        action: Action,
        room: &RoomName,
        credential: &Credential,
        now: Instant,
    ) -> Option<Lack> {
        let rules = self.rules(room);
        let given = credential.key.as_ref();
        let is_key = || given.is_some_and(|given| self.is_key_of(room, given));
        match action {
            Action::Watch => {
                let invited = given.map(|given| self.invited(&rules, given, credential, now));
                let lack = match &rules.watch {
                    WatchPolicy::Everybody | WatchPolicy::Unlisted
                        if !self.settings().asks_service =>
                    {
                        return None;
                    }
                    WatchPolicy::Everybody | WatchPolicy::Unlisted => Lack::Service,
                    WatchPolicy::Password(password) => {
                        if given.is_some_and(|given| password.is_of(given)) {
                            return None;
                        }
                        Lack::Password
                    }
                    WatchPolicy::Invited => match invited {
                        Some(Err(denied)) => Lack::Invite(denied),
                        _ => Lack::Invite(Denied::InviteRequired),
                    },
                    WatchPolicy::Token => Lack::Token,
                };
                let lack = match invited {
                    // It is an invitation, of which more can be said.
                    Some(Err(denied)) if denied != Denied::InviteWrong => Lack::Invite(denied),
                    _ => lack,
                };
                let may = invited == Some(Ok(()))
                    || self.is_granted(action, room, credential)
                    || is_key();
                (!may).then_some(lack)
            }
            Action::Publish if self.tickets().has_room(room, now) => None,
            Action::Publish => {
                // A room with keys of its own asks for one whoever comes: otherwise a revoked one would be as good.
                let asks_key = rules.had_key || !rules.keys.is_empty();
                let is_open = !asks_key && self.is_open(client);
                let may = is_open || self.is_granted(action, room, credential) || is_key();
                (!may).then_some(Lack::Key)
            }
        }
    }

    fn invited(
        &self,
        rules: &RoomRules,
        given: &Secret,
        credential: &Credential,
        now: Instant,
    ) -> Result<(), Denied> {
        let invite = rules.invite(given).ok_or(Denied::InviteWrong)?;
        self.rooms().may_use(invite, credential.person.as_ref(), now)
    }

    /// Whether a token or the operator's service allows it.
    fn is_granted(&self, action: Action, room: &RoomName, credential: &Credential) -> bool {
        let grant = credential.grant();
        grant.is_some_and(|it| it.allows(action, room) && self.is_known(&it.by))
    }

    /// Whether a client may publish without a key in a room that has no keys of its own.
    fn is_open(&self, client: &ClientAddr) -> bool {
        match self.settings().open {
            PublishOpen::All => true,
            PublishOpen::Loopback => client.is_own_machine,
            PublishOpen::None => false,
        }
    }

    /// A client has come in by its credential: what it used is counted, and told to who asked by [`Self::on_use`]. What
    /// its invitation makes of it.
    pub fn use_credential(
        &self,
        room: &RoomName,
        credential: &Credential,
        now: Instant,
    ) -> Option<InviteRole> {
        if let Some(Issuer::TokenKey(id)) = credential.grant().map(|it| &it.by) {
            self.tell(Some(Used::TokenKey(id.clone())));
            return None;
        }
        let given = credential.key.as_ref()?;
        let rules = self.rules(room);
        if let Some(key) = rules.key(given) {
            let used = self.rooms().use_key(key.id, now);
            self.tell(used);
            return None;
        }
        let invite = rules.invite(given)?;
        let person = credential.person.as_ref();
        let used = {
            let mut rooms = self.rooms();
            rooms.may_use(invite, person, now).ok()?;
            rooms.use_invite(invite, person)
        };
        self.tell(used);
        Some(invite.role)
    }

    /// Names who is told what is used. Once: later ones are ignored. It must not block.
    pub fn on_use(&self, tell: impl Fn(Used) + Send + Sync + 'static) {
        _ = self.0.told.set(Tell(Box::new(tell)));
    }

    fn tell(&self, used: Option<Used>) {
        if let (Some(used), Some(tell)) = (used, self.0.told.get()) {
            (tell.0)(used);
        }
    }

    /// Sets up a room, changes its rules, or makes it one like any other.
    pub fn set_room(&self, room: RoomName, rules: Option<RoomRules>) {
        self.rooms().set(room, rules);
    }

    /// What was set up for a room; of one that was not, what holds without.
    pub fn rules(&self, room: &RoomName) -> Arc<RoomRules> {
        self.rooms().get(room).unwrap_or_default()
    }

    /// Whether a member of the audience may write in a room. With a token it has to be granted.
    pub fn may_chat(&self, room: &RoomName, credential: &Credential) -> bool {
        let is_granted = credential
            .grant()
            .is_none_or(|grant| grant.by == Issuer::Service || grant.can_chat || grant.is_admin);
        self.rules(room).chat == ChatPolicy::Everybody && is_granted
    }

    /// Whether a token makes its bearer a moderator of a room.
    pub fn is_admin(&self, room: &RoomName, credential: &Credential) -> bool {
        let grant = credential.grant();
        grant.is_some_and(|it| it.is_admin && it.room == *room && self.is_known(&it.by))
    }

    /// Whether strangers may be told that there is such a room, what it is called and how it looks.
    pub fn is_listed(&self, room: &RoomName) -> bool {
        !self.settings().asks_service && self.rules(room).watch == WatchPolicy::Everybody
    }

    /// Whether whoever knows the address of a room may be told what it is called and how it looks.
    pub fn is_public(&self, room: &RoomName) -> bool {
        !self.settings().asks_service
            && matches!(self.rules(room).watch, WatchPolicy::Everybody | WatchPolicy::Unlisted)
    }

    /// Passes are signed with this from now on: 32 random bytes. It is set once.
    pub fn set_pass_key(&self, key: [u8; 32]) {
        _ = self.0.pass_key.set(key);
    }

    /// A pass for what is kept of a room, issued at a time in seconds since the Unix epoch; none where nobody needs one.
    pub fn pass(&self, room: &RoomName, unix_s: u64) -> Option<String> {
        let key = self.0.pass_key.get().filter(|_| !self.is_public(room))?;
        Some(passes::issue(key, room, &self.rules(room), unix_s))
    }

    /// Whether a pass is good for a room now.
    pub fn is_pass(&self, room: &RoomName, pass: &str, unix_s: u64) -> bool {
        let key = self.0.pass_key.get();
        key.is_some_and(|key| passes::is_good(key, room, &self.rules(room), pass, unix_s))
    }

    /// Whether a code may be one of an invitation to a room: it is, or nothing else lets people in. It has 128 bits, so that
    /// no number of questions finds one.
    pub fn takes_invite(&self, room: &RoomName, code: &Secret) -> bool {
        let rules = self.rules(room);
        rules.watch == WatchPolicy::Invited || rules.invite(code).is_some()
    }

    /// Whether the operator's service has to be asked for what a client wants to do: nothing else gives it the right. It
    /// is no guess: nothing is counted.
    pub fn asks_service(
        &self,
        client: &ClientAddr,
        action: Action,
        room: &RoomName,
        credential: &Credential,
        now: Instant,
    ) -> bool {
        self.settings().asks_service && self.lack(client, action, room, credential, now).is_some()
    }

    /// Whether this is a key with which to publish in a room: the server's, or one of the room's own. A wrong one is not
    /// counted: the caller asks [`Self::may`] with the same key afterwards, whatever the answer, and shows a client
    /// without the right no difference. Otherwise the key could be guessed here.
    pub fn is_key_of(&self, room: &RoomName, given: &Secret) -> bool {
        self.is_key(given) || self.rules(room).key(given).is_some()
    }

    /// Names the keys of this server that sign tokens, by id. What others granted is void.
    pub fn set_token_keys(&self, ids: impl IntoIterator<Item = String>) {
        *self.token_keys() = ids.into_iter().collect();
    }

    /// Whether what somebody allowed still holds.
    fn is_known(&self, issuer: &Issuer) -> bool {
        match issuer {
            Issuer::TokenKey(id) => self.token_keys().contains(&**id),
            Issuer::Jwks | Issuer::Service => true,
        }
    }

    fn token_keys(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.token_keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rooms(&self) -> MutexGuard<'_, Rooms> {
        self.0.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
