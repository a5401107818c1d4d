//! What is asked of a session, and where the answer goes.

use axum::http::HeaderValue;
use tokio::sync::oneshot;

use super::events::Stream;
use crate::problem::Problem;

/// What is asked of a session.
#[derive(Debug)]
pub(crate) enum Request {
    /// PATCH with a fragment.
    Fragment { if_match: Option<String>, body: String, reply: Reply<Patched> },
    /// PATCH with the answer to our counter-offer. Replied with what is left out, as the header has it.
    Answer { body: String, reply: Reply<Option<HeaderValue>> },
    /// DELETE.
    Delete { reply: Reply<()> },
    /// POST to the events.
    Subscribe { body: String, reply: Reply<String> },
    /// DELETE of a stream of events.
    Unsubscribe { stream: String, reply: Reply<()> },
    /// GET of a stream of events.
    Listen { stream: String, reply: Reply<Stream> },
    /// POST to the layers.
    Layer { body: String, reply: Reply<()> },
    /// POST to the past.
    Rewind { body: String, reply: Reply<()> },
}

/// Where an answer goes.
pub(crate) type Reply<T> = oneshot::Sender<Result<T, Problem>>;

/// What came of a fragment.
#[derive(Debug)]
pub(crate) enum Patched {
    /// Candidates were taken.
    Taken,
    /// ICE is restarted: our new fragment, and the entity-tag of the new ICE session.
    Restarted { fragment: String, etag: String },
}
