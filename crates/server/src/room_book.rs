//! Rooms that the operator sets up. A change is written to the store, then put in force in [`Auth`], then applied to the
//! sessions that are open.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use auth::{Auth, MAX_ROOM_KEYS, MAX_ROOMS_SET_UP, RoomRules, Secret, SecretHash, WatchPolicy};
use protocol::RoomName;
use serde::Deserialize;
use store::{Changed, KeyRow, RulesRow, Store, StoreError};
use tokio::sync::Mutex;

use crate::driver::HubClient;

/// Who may watch a room, as it is stored and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Watch {
    Everybody,
    /// Everybody with the address: the room is in no list.
    Unlisted,
    Password,
}

impl Watch {
    const ALL: [Self; 3] = [Self::Everybody, Self::Unlisted, Self::Password];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Unlisted => "unlisted",
            Self::Password => "password",
        }
    }
}

/// Sets rooms up. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct RoomBook {
    store: Store,
    auth: Auth,
    hub: HubClient,
    /// One change at a time, so that what is in force is what is in the store.
    changing: Arc<Mutex<()>>,
}

/// A key that was just made: it is told once.
#[derive(Debug)]
pub(crate) struct NewKey {
    pub(crate) row: KeyRow,
    pub(crate) key: String,
}

impl RoomBook {
    /// Reads all rules, and puts them in force.
    ///
    /// # Errors
    /// When they cannot be read. The server must not start then: rooms with a password would be open.
    pub(crate) async fn open(store: Store, auth: Auth, hub: HubClient) -> Result<Self, StoreError> {
        for row in store.rules().await? {
            let Ok(room) = RoomName::parse(&row.room) else { continue };
            auth.set_room(room, Some(rules(&row)?));
        }
        Ok(Self { store, auth, hub, changing: Arc::default() })
    }

    /// All rooms that were set up, by name.
    pub(crate) async fn all(&self) -> Result<Vec<RulesRow>, StoreError> {
        self.store.rules().await
    }

    pub(crate) async fn get(&self, room: &RoomName) -> Result<Option<RulesRow>, StoreError> {
        self.store.rules_of(room.as_str()).await
    }

    /// Sets a room up, or changes who may watch it. `password` belongs to [`Watch::Password`]. Sessions that lost their
    /// right have ended when this returns.
    pub(crate) async fn put(
        &self,
        room: &RoomName,
        watch: Watch,
        password: Option<&Secret>,
    ) -> Result<Changed, StoreError> {
        let _one = self.changing.lock().await;
        let hash = password.map(|it| SecretHash::of_password(it, rand::random()).to_bytes());
        let changed = self
            .store
            .put_rules(room.as_str(), watch.as_str(), hash, now_ms(), MAX_ROOMS_SET_UP)
            .await?;
        self.enforce(room).await?;
        Ok(changed)
    }

    /// Makes a room one like any other; whether it was set up.
    pub(crate) async fn delete(&self, room: &RoomName) -> Result<bool, StoreError> {
        let _one = self.changing.lock().await;
        let was_there = self.store.delete_rules(room.as_str()).await?;
        self.enforce(room).await?;
        Ok(was_there)
    }

    /// Makes a key of a room that was set up; `None` when the room has as many as it may.
    pub(crate) async fn add_key(
        &self,
        room: &RoomName,
        name: &str,
    ) -> Result<Option<NewKey>, StoreError> {
        let _one = self.changing.lock().await;
        let key = format!("{:032x}", rand::random::<u128>());
        let hash = SecretHash::of_key(&Secret::new(key.as_str())).to_bytes();
        let row = self.store.add_key(room.as_str(), name, hash, now_ms(), MAX_ROOM_KEYS).await?;
        self.enforce(room).await?;
        Ok(row.map(|row| NewKey { row, key }))
    }

    /// Deletes a key; whether it was there. A broadcast that was published with it has ended when this returns.
    pub(crate) async fn delete_key(&self, room: &RoomName, id: i64) -> Result<bool, StoreError> {
        let _one = self.changing.lock().await;
        let was_there = self.store.delete_key(room.as_str(), id).await?;
        self.enforce(room).await?;
        Ok(was_there)
    }

    /// Puts in force what is in the store.
    async fn enforce(&self, room: &RoomName) -> Result<(), StoreError> {
        let row = self.store.rules_of(room.as_str()).await?;
        let rules = row.as_ref().map(rules).transpose()?;
        self.auth.set_room(room.clone(), rules);
        self.hub.rules(room.clone()).await;
        // The hub answers once it has done what it was told before.
        self.hub.is_running().await;
        Ok(())
    }
}

fn rules(row: &RulesRow) -> Result<RoomRules, StoreError> {
    let unreadable = || StoreError::Failed(format!("the rules of room {} are damaged", row.room));
    let hash = |bytes: &[u8]| SecretHash::from_bytes(bytes).ok_or_else(unreadable);
    let watch =
        Watch::ALL.into_iter().find(|it| it.as_str() == row.watch).ok_or_else(unreadable)?;
    let watch = match watch {
        Watch::Everybody => WatchPolicy::Everybody,
        Watch::Unlisted => WatchPolicy::Unlisted,
        Watch::Password => {
            WatchPolicy::Password(hash(row.password.as_deref().ok_or_else(unreadable)?)?)
        }
    };
    let keys = row.keys.iter().map(|key| hash(&key.hash)).collect::<Result<_, _>>()?;
    Ok(RoomRules { watch, keys })
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
