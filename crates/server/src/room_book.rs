//! Rooms that were set up: on the disk first, then in force, then for those who are in.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use auth::{Auth, MAX_ROOM_KEYS, MAX_ROOMS, RoomRules, Secret, SecretHash, WatchPolicy};
use protocol::RoomName;
use store::{Changed, KeyRow, RulesRow, Store, StoreError};
use tokio::sync::Mutex;

use crate::driver::HubClient;

/// Who may watch, as it is stored and told.
pub(crate) const EVERYBODY: &str = "everybody";
pub(crate) const UNLISTED: &str = "unlisted";
pub(crate) const PASSWORD: &str = "password";

/// Sets rooms up. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct RoomBook {
    store: Store,
    auth: Auth,
    hub: HubClient,
    /// One change at a time, so that what is in force is what is on the disk.
    changing: Arc<Mutex<()>>,
}

/// A key that was just made: it is told once.
#[derive(Debug)]
pub(crate) struct NewKey {
    pub(crate) row: KeyRow,
    pub(crate) key: String,
}

impl RoomBook {
    /// Puts all that was set up in force.
    ///
    /// # Errors
    /// When it cannot be read: then rooms that are not for everybody would be.
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

    /// Sets a room up, or changes who may watch it. `watch` is one of the words above; `password` belongs to
    /// [`PASSWORD`]. Who has lost its right is out when this returns.
    pub(crate) async fn put(
        &self,
        room: &RoomName,
        watch: &str,
        password: Option<&Secret>,
    ) -> Result<Changed, StoreError> {
        let _one = self.changing.lock().await;
        let hash = password.map(|it| SecretHash::of_password(it, rand::random()).to_bytes());
        let changed = self.store.put_rules(room.as_str(), watch, hash, now_ms(), MAX_ROOMS).await?;
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

    /// Takes a key away; whether it was there. Who is live with it is out when this returns.
    pub(crate) async fn delete_key(&self, room: &RoomName, id: i64) -> Result<bool, StoreError> {
        let _one = self.changing.lock().await;
        let was_there = self.store.delete_key(room.as_str(), id).await?;
        self.enforce(room).await?;
        Ok(was_there)
    }

    /// Puts in force what is on the disk.
    async fn enforce(&self, room: &RoomName) -> Result<(), StoreError> {
        let row = self.store.rules_of(room.as_str()).await?;
        let rules = row.as_ref().map(rules).transpose()?;
        self.auth.set_room(room.clone(), rules);
        self.hub.rules(room.clone()).await;
        // What was said to the hub before is done when it answers.
        self.hub.is_running().await;
        Ok(())
    }
}

/// What cannot be read is not for everybody.
fn rules(row: &RulesRow) -> Result<RoomRules, StoreError> {
    let unreadable = || StoreError::Failed(format!("the rules of room {} are damaged", row.room));
    let hash = |bytes: &[u8]| SecretHash::from_bytes(bytes).ok_or_else(unreadable);
    let watch = match (row.watch.as_str(), &row.password) {
        (EVERYBODY, _) => WatchPolicy::Everybody,
        (UNLISTED, _) => WatchPolicy::Unlisted,
        (PASSWORD, Some(password)) => WatchPolicy::Password(hash(password)?),
        _ => return Err(unreadable()),
    };
    let keys = row.keys.iter().map(|key| hash(&key.hash)).collect::<Result<_, _>>()?;
    Ok(RoomRules { watch, keys })
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
