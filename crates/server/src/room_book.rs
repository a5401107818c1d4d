//! Rooms that the operator sets up. A change is written to the store, then put in force in [`Auth`], then applied to the
//! sessions that are open.

use std::sync::Arc;
use std::time::{Duration, Instant};

use auth::{
    Auth, ChatPolicy, Invite, InviteRole, MAX_ROOM_INVITES, MAX_ROOM_KEYS, MAX_ROOMS_SET_UP,
    RecordPolicy, RoomKey, RoomRules, Secret, SecretHash, Used, WatchPolicy,
};
use protocol::RoomName;
use serde::{Deserialize, Serialize};
use store::{Changed, InviteRow, KeyRow, NewInvite, RulesRow, RulesSettings, Store, StoreError};
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::clock::now_ms;
use crate::driver::HubClient;

/// Who may watch a room, as it is stored and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Watch {
    /// Everybody.
    Everybody,
    /// Everybody with the address: the room is in no list.
    Unlisted,
    /// Whoever knows the password.
    Password,
    /// Whoever has an invitation.
    Invited,
    /// Whoever has a token.
    Token,
}

impl Watch {
    const ALL: [Self; 5] =
        [Self::Everybody, Self::Unlisted, Self::Password, Self::Invited, Self::Token];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Unlisted => "unlisted",
            Self::Password => "password",
            Self::Invited => "invited",
            Self::Token => "token",
        }
    }
}

/// Who may write in a room, as it is stored and told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Chat {
    /// Everybody who watches.
    #[default]
    Everybody,
    /// Its host and moderators.
    Moderators,
    /// Nobody.
    Nobody,
}

impl Chat {
    const ALL: [Self; 3] = [Self::Everybody, Self::Moderators, Self::Nobody];

    fn as_str(self) -> &'static str {
        match self {
            Self::Everybody => "everybody",
            Self::Moderators => "moderators",
            Self::Nobody => "nobody",
        }
    }

    fn policy(self) -> ChatPolicy {
        match self {
            Self::Everybody => ChatPolicy::Everybody,
            Self::Moderators => ChatPolicy::Moderators,
            Self::Nobody => ChatPolicy::Nobody,
        }
    }
}

/// Who has a room recorded, as it is stored and told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Record {
    /// Its host, and the operator.
    Host,
    /// Every broadcast is recorded.
    Always,
    /// The operator alone.
    Operator,
}

impl Record {
    const ALL: [Self; 3] = [Self::Host, Self::Always, Self::Operator];

    fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Always => "always",
            Self::Operator => "operator",
        }
    }

    fn policy(self) -> RecordPolicy {
        match self {
            Self::Host => RecordPolicy::Host,
            Self::Always => RecordPolicy::Always,
            Self::Operator => RecordPolicy::Operator,
        }
    }
}

/// What an invitation makes of who uses it, as it is stored and told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Invited {
    /// One of the audience.
    #[default]
    Fan,
    /// A moderator.
    Moderator,
}

impl Invited {
    fn as_str(self) -> &'static str {
        match self {
            Self::Fan => "fan",
            Self::Moderator => "moderator",
        }
    }
}

/// What may be said of a room.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) watch: Watch,
    /// A new password.
    pub(crate) password: Option<Secret>,
    pub(crate) chat: Chat,
    pub(crate) max_viewers: Option<u32>,
    pub(crate) max_kbps: Option<u32>,
    /// None: as the server is set.
    pub(crate) record: Option<Record>,
}

/// Why a room is not set up so.
#[derive(Debug)]
pub(crate) enum NotPut {
    /// It asks for a password and has none.
    NoPassword,
    /// It is not as the caller believes it to be.
    Changed,
    /// There may be no more rooms.
    Full,
    /// The store does not do it.
    Store(StoreError),
}

impl From<StoreError> for NotPut {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
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
        auth.on_use({
            let store = store.clone();
            move |used| keep_use(store.clone(), used)
        });
        Ok(Self { store, auth, hub, changing: Arc::default() })
    }

    /// Rooms that were set up, by name: at most `n`, those after a name.
    pub(crate) async fn after(
        &self,
        after: Option<&str>,
        n: usize,
    ) -> Result<Vec<RulesRow>, StoreError> {
        self.store.rules_after(after, n).await
    }

    pub(crate) async fn get(&self, room: &RoomName) -> Result<Option<RulesRow>, StoreError> {
        self.store.rules_of(room.as_str()).await
    }

    /// Sets a room up, or changes it, if `is_right` says so of what it is now. A password that is not named stays. Sessions
    /// that lost their right have ended when this returns.
    pub(crate) async fn put(
        &self,
        room: &RoomName,
        settings: Settings,
        is_right: impl FnOnce(Option<&RulesRow>) -> bool,
    ) -> Result<Changed, NotPut> {
        let _one = self.changing.lock().await;
        let before = self.store.rules_of(room.as_str()).await?;
        if !is_right(before.as_ref()) {
            return Err(NotPut::Changed);
        }
        let Settings { watch, password, chat, max_viewers, max_kbps, record } = settings;
        let hash = |it: &Secret| SecretHash::of_password(it, rand::random()).to_bytes();
        let password = match watch {
            Watch::Password => {
                let kept = before.and_then(|row| row.settings.password);
                Some(password.as_ref().map(hash).or(kept).ok_or(NotPut::NoPassword)?)
            }
            _ => None,
        };
        let settings = RulesSettings {
            watch: watch.as_str().into(),
            password,
            chat: chat.as_str().into(),
            max_viewers,
            max_kbps,
            record: record.map(|it| it.as_str().into()),
        };
        let changed =
            self.store.put_rules(room.as_str(), settings, now_ms(), MAX_ROOMS_SET_UP).await?;
        self.enforce(room).await?;
        if changed == Changed::Full { Err(NotPut::Full) } else { Ok(changed) }
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
        let (key, hash) = new_secret();
        let row = self.store.add_key(room.as_str(), name, hash, now_ms(), MAX_ROOM_KEYS).await?;
        self.enforce(room).await?;
        Ok(row.map(|row| NewKey { row, key }))
    }

    /// Puts another secret in the place of a key; `None` when it is not there. A broadcast that was published with the
    /// old one has ended when this returns.
    pub(crate) async fn rotate_key(
        &self,
        room: &RoomName,
        id: i64,
    ) -> Result<Option<NewKey>, StoreError> {
        let _one = self.changing.lock().await;
        let (key, hash) = new_secret();
        let row = self.store.rotate_key(room.as_str(), id, hash, now_ms()).await?;
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

    /// Makes an invitation to a room that was set up, and its code; `None` when the room has as many as it may.
    pub(crate) async fn add_invite(
        &self,
        room: &RoomName,
        name: String,
        role: Invited,
        uses: Option<u32>,
        lasts: Option<Duration>,
    ) -> Result<Option<(InviteRow, String)>, StoreError> {
        let _one = self.changing.lock().await;
        let (code, hash) = new_secret();
        let made_ms = now_ms();
        let lasts = lasts.map(|it| i64::try_from(it.as_millis()).unwrap_or(i64::MAX));
        let expires_ms = lasts.map(|ms| made_ms.saturating_add(ms));
        let role = role.as_str().into();
        let new = NewInvite { name, role, hash, made_ms, expires_ms, uses };
        let row = self.store.add_invite(room.as_str(), new, MAX_ROOM_INVITES).await?;
        self.enforce(room).await?;
        Ok(row.map(|row| (row, code)))
    }

    /// Takes an invitation back; whether it was there. Who watches by it has left when this returns.
    pub(crate) async fn delete_invite(&self, room: &RoomName, id: i64) -> Result<bool, StoreError> {
        let _one = self.changing.lock().await;
        let was_there = self.store.delete_invite(room.as_str(), id).await?;
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

/// A secret of 128 bits, and what it is kept as.
fn new_secret() -> (String, Vec<u8>) {
    let secret = format!("{:032x}", rand::random::<u128>());
    let hash = SecretHash::of_key(&Secret::new(secret.as_str())).to_bytes();
    (secret, hash)
}

/// Keeps what was used. The store bounds what waits for the disk; what it does not take is missing in a list only.
fn keep_use(store: Store, used: Used) {
    let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
    runtime.spawn(async move {
        let kept = match used {
            Used::Key(id) => store.key_used(id, now_ms()).await,
            Used::Invite(id, person) => store.invite_used(id, person.map(Vec::from)).await,
            Used::TokenKey(id) => store.token_key_used(&id, now_ms()).await,
        };
        if let Err(error) = kept {
            tracing::debug!(%error, "a use was not kept");
        }
    });
}

fn rules(row: &RulesRow) -> Result<RoomRules, StoreError> {
    let unreadable = || StoreError::Failed(format!("the rules of room {} are damaged", row.room));
    let hash = |bytes: &[u8]| SecretHash::from_bytes(bytes).ok_or_else(unreadable);
    let settings = &row.settings;
    let watch =
        Watch::ALL.into_iter().find(|it| it.as_str() == settings.watch).ok_or_else(unreadable)?;
    let chat =
        Chat::ALL.into_iter().find(|it| it.as_str() == settings.chat).ok_or_else(unreadable)?;
    let record = match &settings.record {
        Some(word) => {
            let record = Record::ALL.into_iter().find(|it| it.as_str() == word);
            Some(record.ok_or_else(unreadable)?.policy())
        }
        None => None,
    };
    let watch = match watch {
        Watch::Everybody => WatchPolicy::Everybody,
        Watch::Unlisted => WatchPolicy::Unlisted,
        Watch::Password => {
            WatchPolicy::Password(hash(settings.password.as_deref().ok_or_else(unreadable)?)?)
        }
        Watch::Invited => WatchPolicy::Invited,
        Watch::Token => WatchPolicy::Token,
    };
    let key = |key: &KeyRow| Ok(RoomKey { id: key.id, hash: hash(&key.hash)? });
    let keys = row.keys.iter().map(key).collect::<Result<_, StoreError>>()?;
    let invite = |it: &InviteRow| {
        Ok(Invite {
            id: it.id,
            hash: hash(&it.hash)?,
            role: if it.role == Invited::Moderator.as_str() {
                InviteRole::Moderator
            } else {
                InviteRole::Fan
            },
            until: it.expires_ms.map(instant_of),
            uses: it.uses,
            people: it.people.iter().filter_map(|it| it.as_slice().try_into().ok()).collect(),
        })
    };
    let invites = row.invites.iter().map(invite).collect::<Result<_, StoreError>>()?;
    let (max_viewers, max_kbps) = (settings.max_viewers, settings.max_kbps);
    let had_key = row.had_key;
    let chat = chat.policy();
    Ok(RoomRules { watch, chat, max_viewers, max_kbps, record, keys, had_key, invites })
}

/// The moment of a time of the calendar, or now when it has passed.
fn instant_of(unix_ms: i64) -> Instant {
    let left = unix_ms.saturating_sub(now_ms()).max(0);
    Instant::now() + Duration::from_millis(left.unsigned_abs())
}
