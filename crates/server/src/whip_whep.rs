//! WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep-03): sessions that are opened, changed and ended by HTTP requests.
//! The draft's core extensions are those of draft-ietf-wish-whep-02, sections 4.9.1 (server-sent events) and 4.9.2
//! (layer selection).
//!
//! ```text
//! POST ──► open.rs ──► HubClient: join, then publish or watch ──► 201 with an answer, or 406 with an offer
//!             └──► session.rs: the task that owns the session, found by its URL in registry.rs
//! PATCH, DELETE, events, layer ──► registry.rs ──► session.rs, one after the other
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `routes.rs`, `whip.rs`, `whep.rs` | addresses and methods |
//! | `call.rs` | what a request says: who calls, its token, its path, its body |
//! | `open.rs` | from a POST to a session, and why there is none |
//! | `request.rs` | what is asked of a session |
//! | `session.rs`, `member.rs` | the task of one session; its side of the conversation with the hub |
//! | `registry.rs` | which sessions there are, and whose token they ask for |
//! | `description.rs`, `fragment.rs`, `etag.rs` | what is asked of descriptions, of their fragments, of `If-Match` |
//! | `events.rs`, `layers.rs`, `rewind.rs` | the extensions; the last is ours |
//! | `fuzz.rs` | what must hold for any bytes of a client |

mod call;
mod description;
mod etag;
mod events;
mod fragment;
pub(crate) mod fuzz;
mod layers;
mod left_out;
mod member;
mod open;
mod registry;
mod request;
mod rewind;
mod routes;
mod session;
mod whep;
mod whip;

#[cfg(test)]
pub(crate) use member::mailbox;
pub(crate) use member::{GOING_AWAY, Sender};
pub(crate) use registry::Registry;
pub(crate) use routes::routes;

/// Whether a path is one of WHIP or WHEP, whose errors are [`Problem`]s.
pub(crate) fn has_path(path: &str) -> bool {
    let path = path.strip_prefix("/api").unwrap_or(path);
    let rest = path.strip_prefix("/whip").or_else(|| path.strip_prefix("/whep"));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
