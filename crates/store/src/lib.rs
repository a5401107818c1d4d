//! What outlives the process: one SQLite file, `kaibo.db` in the data folder.
//!
//! [`Store`] is the whole interface. A thread of its own reads and writes, so that nobody else waits for a disk. What it
//! acknowledges is on the disk. Rooms that it cannot write it keeps in memory and tries again, and says so in the log: a full
//! disk stops no broadcast.
//!
//! | file | what |
//! | --- | --- |
//! | `store.rs` | [`Store`]: its queue and its thread |
//! | `file.rs` | opens the file: whose it is, its version, whether it is whole |
//! | `migrations.rs` | the tables, version by version |
//! | `rooms.rs`, `room_change.rs` | rooms and their pictures; changes of them that wait to be written |
//! | `rules.rs`, `keys.rs`, `invites.rs` | rooms that were set up; their keys; invitations to them |
//! | `token_keys.rs` | keys that sign tokens |
//! | `owner.rs`, `audit.rs` | the owner's login; what was changed, by whom |
//! | `clips.rs` | clips |
//! | `counted.rs` | how many rows there are, for bounds |
//! | `webhooks.rs`, `deliveries.rs` | whom the operator wants to be told of what; what is to be told |
//! | `broadcasts.rs`, `broadcast_row.rs` | records of broadcasts; one of them |
//! | `recordings.rs` | which recordings there are |
//! | `backup.rs` | a copy of the file while it is in use, and back |
//! | `error.rs` | what can go wrong |

mod audit;
mod backup;
mod broadcast_row;
mod broadcasts;
mod clips;
mod counted;
mod deliveries;
mod error;
mod file;
mod health;
mod invites;
mod keys;
mod migrations;
mod owner;
mod recordings;
mod room_change;
mod rooms;
mod rules;
mod store;
mod token_keys;
mod webhooks;

pub use audit::{AuditRow, MAX_AUDIT};
pub use backup::{backup, restore};
pub use broadcast_row::{BroadcastRow, MAX_BROADCASTS, MAX_BROADCASTS_OF_ROOM};
pub use clips::ClipRow;
pub use deliveries::{
    DeliveryRow, DeliveryState, MAX_DONE_DELIVERIES, MAX_WAITING_DELIVERIES, NewDelivery, Tried,
    WaitingRow,
};
pub use error::{OpenError, RestoreError, StoreError};
pub use file::FILE_NAME;
pub use health::Health;
pub use invites::{InviteRow, NewInvite};
pub use keys::KeyRow;
pub use owner::LoginRow;
pub use recordings::RecordingRow;
pub use room_change::MAX_ROOMS;
pub use rooms::RoomRow;
pub use rules::{Changed, RulesRow, RulesSettings};
pub use store::{MAX_WAITING, Store};
pub use token_keys::TokenKeyRow;
pub use webhooks::{TriedRow, WebhookRow, WebhookState};
