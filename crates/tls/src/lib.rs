//! Certificates for the server's port: from files, from an authority of its own, from an ACME server.
//!
//! ```text
//! files.rs ──┐
//! acme       ├──► Certificates: one for each handshake, by server name ──► rustls
//! local.rs ──┘
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `certificates.rs` | all certificates, and which one a client is shown |
//! | `certificate.rs` | one certificate with its key: what it is for, until when, and whether browsers trust it |
//! | `config.rs`, `alpn.rs` | the TLS settings; the protocols inside TLS |
//! | `client.rs`, `public_address.rs` | the TLS settings of the server as a client; addresses that the internet routes |
//! | `files.rs` | a certificate and a key that the operator names |
//! | `acme.rs` | certificates from an ACME server |
//! | `local.rs` | an own certificate authority, for networks without public names |
//! | `folder.rs` | files that only the server may read |
//!
//! Deliberately absent: the port and its routes (`server`). The only connections are those of `acme/http.rs` to the CA.

pub mod acme;
mod alpn;
mod certificate;
mod certificates;
mod client;
mod config;
mod error;
mod files;
mod folder;
mod local;
mod public_address;

pub use alpn::{ALPN_ACME, ALPN_H2, ALPN_HTTP1, ALPN_TURN};
pub use certificate::{Certificate, Source};
pub use certificates::{Certificates, Shown};
pub use client::client_config;
pub use config::server_config;
pub use error::{Because, TlsError};
pub use files::{Files, Reloaded};
pub use folder::Folder;
pub use local::{LEAF_LIFETIME, LocalAuthority};
pub use public_address::is_public;
pub use rustls::{ClientConfig, ServerConfig};
