//! Synthetic publishers and viewers: real ICE, DTLS and SRTP, media that no camera made.
//!
//! [`Publisher`] is a full WebRTC client on str0m. [`Viewer`] is our own: ICE, DTLS, SRTP and the feedback of a
//! browser, but no decoder. It costs a fraction of a full client, so that a tool does not need more CPU than the server
//! that it measures. Both are sans-IO: time is an argument, and datagrams leave through a closure. Who drives them owns
//! sockets and clock: the media threads of `bench`, the virtual clock of `bench-core`, or a task for each
//! [`client::Client`].
//!
//! [`Publisher`]: publisher::Publisher
//! [`Viewer`]: viewer::Viewer

#![allow(missing_docs, reason = "where there is no more to say than the name does")]

pub mod client;
pub mod description;
pub mod media;
pub mod participant;
pub mod publisher;
pub mod resources;
pub mod socket;
pub mod stats;
pub mod stun;
mod tcp;
pub mod udp;
pub mod url;
pub mod viewer;
