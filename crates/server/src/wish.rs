//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-03): sessions that are opened, changed and ended by
//! HTTP requests. The draft's core extensions are those of draft-ietf-wish-whep-02, sections 4.9.1
//! (server-sent events) and 4.9.2 (layer selection).
//!
//! ```text
//! POST ──► open.rs ──► Hub, as a page that offers ──► answer: 201, or an offer of ours: 406
//!             └──► session.rs: the task that the session is, with its URL in registry.rs
//! PATCH, DELETE, events, layer ──► registry.rs ──► session.rs, one after the other
//! ```
//!
//! The control plane knows such a session as it knows a page: what both can ask is the same, and
//! what a page is told becomes answers and events here.
//!
//! | file | what |
//! | --- | --- |
//! | `open.rs` | from a POST to a session, and why there is none |
//! | `session.rs`, `talk.rs` | the task of one session; what it and the control plane say to each other |
//! | `registry.rs` | which sessions there are, and whose token they ask for |
//! | `sdp.rs`, `fragment.rs`, `etag.rs` | what is read of descriptions, of their fragments, of `If-Match` |
//! | `events.rs`, `layers.rs` | the extensions |
//! | `problem.rs` | refusals, as HTTP tells them |

pub(crate) mod etag;
pub(crate) mod events;
pub(crate) mod fragment;
pub(crate) mod layers;
mod open;
mod problem;
mod registry;
pub(crate) mod sdp;
mod session;
mod talk;

pub(crate) use open::{Opening, open};
pub(crate) use problem::Problem;
pub(crate) use registry::{Kind, Registry};
pub(crate) use session::{Patched, Request, Session};
pub(crate) use talk::{Notice, Sender};
