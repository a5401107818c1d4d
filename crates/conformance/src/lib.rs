//! Checks any server of WHIP (RFC 9725) or WHEP (draft-ietf-wish-whep-03 and its core extensions)
//! against what the documents ask for. It publishes and plays real media itself.
//!
//! ```text
//!  catalog   which document asks for which rule, where and how strongly: the numbered lists
//!  check     the steps, each a file: what is sent, and what is to be seen of it
//!  book      what was found so far ──► report: pass, fail or not applicable, with the evidence
//!  http, links, sse, description, fragment, offers: what is said, read and written
//!  loadgen::client   the publisher and the viewer behind it
//! ```
//!
//! What the documents leave open is not asserted: where they name no status a class of them is enough,
//! and what a server does not claim to support does not apply. What they contradict each other on, or
//! themselves, is read in the server's favour.

mod book;
mod catalog;
mod check;
mod description;
mod fragment;
mod http;
mod links;
mod offers;
mod options;
mod progress;
mod report;
mod rule;
mod session;
mod sse;

pub use catalog::Protocol;
pub use check::{CheckError, check, run};
pub use http::{Exchange, Message};
pub use loadgen::VideoCodec;
pub use options::Options;
pub use progress::Progress;
pub use report::{Outcome, Report, Verdict};
pub use rule::Level;
