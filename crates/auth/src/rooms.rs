//! Rooms that were set up: the keys of their hosts, and who may watch.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use protocol::RoomName;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;

use crate::Secret;

/// The most keys of one room.
pub const MAX_ROOM_KEYS: usize = 100;

/// The most rooms that are set up.
pub const MAX_ROOMS_SET_UP: usize = 10_000;

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
    pub(crate) fn is_of(&self, given: &Secret) -> bool {
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
}

/// What was set up for one room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RoomRules {
    /// Who may watch.
    pub watch: WatchPolicy,
    /// Keys with which to publish in it; without any, what the server asks for everywhere holds.
    pub keys: Vec<SecretHash>,
}

impl RoomRules {
    pub(crate) fn has_key(&self, given: &Secret) -> bool {
        self.keys.iter().any(|key| key.is_of(given))
    }
}

/// All rooms that were set up, at most [`MAX_ROOMS_SET_UP`]. The caller of [`Self::set`] keeps the bound.
#[derive(Debug, Default)]
pub(crate) struct Rooms(HashMap<RoomName, Arc<RoomRules>>);

impl Rooms {
    pub(crate) fn get(&self, room: &RoomName) -> Option<Arc<RoomRules>> {
        self.0.get(room).cloned()
    }

    pub(crate) fn set(&mut self, room: RoomName, rules: Option<RoomRules>) {
        match rules {
            Some(rules) => _ = self.0.insert(room, Arc::new(rules)),
            None => _ = self.0.remove(&room),
        }
    }
}
