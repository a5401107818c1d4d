//! TURN (RFC 8656) over a stream, which relays to nobody: the only peer is the server's own media port.
//!
//! Viewers and hosts whose network lets only TLS on TCP port 443 through use it. A TLS stream of theirs becomes
//! datagrams on loopback, and the media core sees a peer at `127.0.0.1`.
//!
//! | file | what |
//! | --- | --- |
//! | `allocation.rs` | [`Allocation`]: one client, sans-IO |
//! | `allocation/core.rs`, `core/requests.rs`, `allocate.rs` | its state; requests and Send indications; making an allocation |
//! | `allocation/core/auth.rs`, `live.rs` | who sent a request; lifetime, permissions, peers and channels of an allocation |
//! | `allocation/core/attributes.rs`, `response.rs` | attributes that a client sends; responses and indications as bytes |
//! | `serve.rs` | [`serve`]: one client on a tokio stream, with its sockets |
//! | `credentials.rs` | [`Credentials`]: user names and passwords that expire |
//! | `peers.rs` | [`Peers`]: the addresses that a client may reach |
//! | `framing.rs`, `outbox.rs` | messages in a stream; bytes that wait for the client |
//! | `limits.rs` | every limit |
//! | `fuzz.rs` | what must hold for any bytes of a client |

mod allocation;
mod credentials;
mod framing;
#[doc(hidden)]
pub mod fuzz;
pub mod limits;
mod outbox;
mod peers;
mod serve;

pub use allocation::{Allocation, Config, Counts, Ended, NotAllocated, Output, Start};
pub use credentials::Credentials;
pub use peers::Peers;
pub use serve::{Count, Served, serve};
