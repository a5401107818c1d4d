//! Who a client is, and what it may do.
//!
//! Every door asks here: `/ws`, WHIP, WHEP, and those to come. Nothing else compares a secret, reads a
//! forwarding header or decides from an address.
//!
//! | file | what |
//! | --- | --- |
//! | `auth.rs`, `auth/rights.rs` | [`Auth`]: the questions that doors ask; what a client may do in a room |
//! | `action.rs`, `credential.rs` | what a client wants to do; what it shows, and why that is not enough |
//! | `grant.rs` | what a token or the operator's service allows |
//! | `config.rs` | what the operator decides: the key, origins, hosts, trusted proxies and networks |
//! | `client_addr.rs` | the address of a client, and whether limits leave it out |
//! | `own_machine.rs` | the proof that a request comes from the server's own machine |
//! | `forwarded.rs` | what proxies say about the client |
//! | `host.rs` | `Host`: the names that are ours |
//! | `origin.rs` | `Origin`: the pages that may use the server |
//! | `secret.rs` | a key, an identity, a token; what each is for |
//! | `rooms.rs` | rooms that were set up: the keys of their hosts, who may watch, invitations |
//! | `tickets.rs` | tickets of the doctor, which open test rooms for some minutes |
//! | `wrong_secrets.rs` | how many wrong secrets each network has sent |
//! | `network.rs` | the network of an address: what limits count by |
//! | `per_network.rs` | a bounded table with one value for each network |
//! | `rate_limit.rs` | token bucket, and a count in a window |
//! | `fuzz.rs` | what must hold for any bytes of a client |
//!
//! Time is an argument everywhere.

mod action;
mod auth;
mod client_addr;
mod config;
mod credential;
mod forwarded;
#[doc(hidden)]
pub mod fuzz;
mod grant;
mod host;
mod network;
mod origin;
mod own_machine;
mod passes;
mod per_network;
pub mod rate_limit;
mod rooms;
mod scrape;
mod secret;
mod tickets;
mod wrong_secrets;

pub use action::Action;
pub use auth::{Auth, Connection, OwnAddresses};
pub use client_addr::ClientAddr;
pub use config::{Config, KEY_MIN_CHARS, PublishOpen};
pub use credential::{Credential, Denied, Shown, WrongSecret};
pub use forwarded::is_prefix;
pub use grant::{BadToken, Grant, Issuer};
pub use host::{HostRefused, is_host};
pub use ipnet::IpNet;
pub use network::Network;
pub use origin::{OriginRefused, is_origin};
pub use per_network::PerNetwork;
pub use rooms::{
    ChatPolicy, Invite, InviteRole, MAX_INVITE_USES, MAX_ROOM_INVITES, MAX_ROOM_KEYS,
    MAX_ROOMS_SET_UP, RecordPolicy, RoomKey, RoomRules, SecretHash, Used, WatchPolicy,
};
pub use secret::{Secret, SecretKind, TooLong};
pub use tickets::{MAX_TICKETS, TICKET_LIFETIME};
pub use wrong_secrets::{WRONG_SECRETS, WRONG_SECRETS_WINDOW};
