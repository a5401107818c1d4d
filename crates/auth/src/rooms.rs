//! Rooms that were set up: keys of their hosts, who may watch and write, invitations.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::RoomName;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::{Denied, Secret};

/// The most keys of one room.
pub const MAX_ROOM_KEYS: usize = 100;

/// The most invitations to one room.
pub const MAX_ROOM_INVITES: usize = 100;

/// The most people that one invitation counts.
pub const MAX_INVITE_USES: u32 = 10_000;

/// The most rooms that are set up.
pub const MAX_ROOMS_SET_UP: usize = 10_000;

/// How often the use of a key is told, at most.
const TELL_USE_EVERY: Duration = Duration::from_secs(60);

/// A secret as it is kept: whoever reads it cannot show the secret. A key has 128 random bits, which nobody finds by
/// trying; a password is salted, so that one table does not find the passwords of many rooms.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash {
    salt: Vec<u8>,
    hash: [u8; 32],
}

impl SecretHash {
    /// The hash of a key that the server made.
    pub fn of_key(key: &Secret) -> Self {
        Self::salted(Vec::new(), key)
    }

    /// The hash of a password that a person chose. `salt`: 128 random bits.
    pub fn of_password(password: &Secret, salt: u128) -> Self {
        Self::salted(salt.to_be_bytes().to_vec(), password)
    }

    fn salted(salt: Vec<u8>, secret: &Secret) -> Self {
        let hash = Sha256::new().chain_update(&salt).chain_update(secret.reveal()).finalize();
        Self { salt, hash: hash.into() }
    }

    /// As it is stored: the hash, then the salt.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.hash[..], &self.salt].concat()
    }

    /// From what was stored; `None` when it is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hash, salt) = bytes.split_first_chunk()?;
        Some(Self { salt: salt.to_vec(), hash: *hash })
    }

    /// Whether this is the hash of a secret. Hashes are compared in constant time.
    pub fn is_of(&self, given: &Secret) -> bool {
        Self::salted(self.salt.clone(), given).hash.ct_eq(&self.hash).into()
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Who may watch a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum WatchPolicy {
    /// Everybody.
    #[default]
    Everybody,
    /// Everybody who knows the address: the room is in no list.
    Unlisted,
    /// Whoever knows the password.
    Password(SecretHash),
    /// Whoever has an invitation.
    Invited,
    /// Whoever has a token.
    Token,
}

/// Who may write in a room.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ChatPolicy {
    /// Everybody who watches.
    #[default]
    Everybody,
    /// Its host and moderators.
    Moderators,
    /// Nobody.
    Nobody,
}

/// Who has a room recorded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RecordPolicy {
    /// Its host, and the operator.
    #[default]
    Host,
    /// Every broadcast is recorded.
    Always,
    /// The operator alone.
    Operator,
}

/// A key of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomKey {
    /// Names it.
    pub id: i64,
    /// What it is compared with.
    pub hash: SecretHash,
}

/// What an invitation makes of who uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteRole {
    /// One of the audience.
    Fan,
    /// A moderator.
    Moderator,
}

/// An invitation to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// Names it.
    pub id: i64,
    /// What its code is compared with.
    pub hash: SecretHash,
    /// What it makes of who uses it.
    pub role: InviteRole,
    /// When it ends.
    pub until: Option<Instant>,
    /// How many people may use it.
    pub uses: Option<u32>,
    /// Who had used it when it was read. From then on [`crate::Auth`] knows better.
    pub people: Vec<[u8; 32]>,
}

/// What was set up for one room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomRules {
    /// Who may watch.
    pub watch: WatchPolicy,
    /// Who may write.
    pub chat: ChatPolicy,
    /// The most viewers; without it, the server's own limit holds. The lower one always does.
    pub max_viewers: Option<u32>,
    /// The highest bit rate of a broadcast, in kbit/s; without it, the server's own limit holds.
    pub max_kbps: Option<u32>,
    /// Who has it recorded; without it, what the server is set to.
    pub record: Option<RecordPolicy>,
    /// Keys with which to publish in it. A room that never had one asks for what the server asks for everywhere.
    pub keys: Vec<RoomKey>,
    /// It had a key once. It asks for one for ever, also when the last was taken away: who had that one has no right.
    pub had_key: bool,
    /// Invitations to it.
    pub invites: Vec<Invite>,
}

impl RoomRules {
    pub(crate) fn key(&self, given: &Secret) -> Option<&RoomKey> {
        self.keys.iter().find(|key| key.hash.is_of(given))
    }

    pub(crate) fn invite(&self, given: &Secret) -> Option<&Invite> {
        self.invites.iter().find(|invite| invite.hash.is_of(given))
    }
}

/// What was used, to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Used {
    /// A key of a room; told once a minute at most.
    Key(i64),
    /// An invitation; by whom, where people are counted.
    Invite(i64, Option<[u8; 32]>),
    /// A key that signs tokens; told once a minute at most.
    TokenKey(Arc<str>),
}

/// All rooms that were set up, at most [`MAX_ROOMS_SET_UP`]. The caller of [`Self::set`] keeps the bound.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rules: HashMap<RoomName, Arc<RoomRules>>,
    /// Who has used the invitations that count people, at most [`MAX_INVITE_USES`] each.
    people: HashMap<i64, HashSet<[u8; 32]>>,
    /// When the use of a key was told last; only of keys that there are.
    told: HashMap<i64, Instant>,
}

impl Rooms {
    pub(crate) fn get(&self, room: &RoomName) -> Option<Arc<RoomRules>> {
        self.rules.get(room).cloned()
    }

    pub(crate) fn set(&mut self, room: RoomName, rules: Option<RoomRules>) {
        let before = match &rules {
            Some(rules) => self.rules.insert(room, Arc::new(rules.clone())),
            None => self.rules.remove(&room),
        };
        let rules = rules.unwrap_or_default();
        for invite in rules.invites.iter().filter(|it| it.uses.is_some()) {
            let people = || invite.people.iter().copied().collect();
            self.people.entry(invite.id).or_insert_with(people);
        }
        let Some(before) = before else { return };
        for invite in &before.invites {
            if !rules.invites.iter().any(|it| it.id == invite.id) {
                self.people.remove(&invite.id);
            }
        }
        for key in &before.keys {
            if !rules.keys.iter().any(|it| it.id == key.id) {
                self.told.remove(&key.id);
            }
        }
    }

    /// Whether a person may use an invitation. One that has used it already may as long as it is there.
    pub(crate) fn may_use(
        &self,
        invite: &Invite,
        person: Option<&Secret>,
        now: Instant,
    ) -> Result<(), Denied> {
        let people = self.people.get(&invite.id);
        if people.is_some_and(|people| person.is_some_and(|it| people.contains(&hash(it)))) {
            return Ok(());
        }
        if invite.until.is_some_and(|until| now >= until) {
            return Err(Denied::InviteExpired);
        }
        let n = people.map_or(0, HashSet::len);
        match invite.uses {
            Some(uses) if n >= uses as usize => Err(Denied::InviteUsedUp),
            _ => Ok(()),
        }
    }

    /// A person uses an invitation; `None` when it did before.
    pub(crate) fn use_invite(&mut self, invite: &Invite, person: Option<&Secret>) -> Option<Used> {
        if invite.uses.is_none() {
            return Some(Used::Invite(invite.id, None));
        }
        let person = hash(person?);
        let people = self.people.entry(invite.id).or_default();
        people.insert(person).then_some(Used::Invite(invite.id, Some(person)))
    }

    /// A key is used; `None` when that was told a moment ago.
    pub(crate) fn use_key(&mut self, id: i64, now: Instant) -> Option<Used> {
        let before = self.told.get(&id);
        if before.is_some_and(|at| now.saturating_duration_since(*at) < TELL_USE_EVERY) {
            return None;
        }
        self.told.insert(id, now);
        Some(Used::Key(id))
    }
}

fn hash(person: &Secret) -> [u8; 32] {
    Sha256::digest(person.reveal()).into()
}
