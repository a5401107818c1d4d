//! Checks any server of WHIP (RFC 9725) or WHEP (draft-ietf-wish-whep-03 and its core extensions)
//! against what the documents ask for. It publishes and plays real media itself.
//!
//! ```text
//!  catalog    which document asks for which rule, in which section and how strongly: the numbered lists
//!  steps      each a file: what is sent, and what the answer must be
//!  verdicts   what was found so far ──► report: pass, fail or not applicable, with the evidence
//!  http, links, sse, description, fragment, offers: what is sent and read
//!  synth::client   the publisher and the viewer that carry the media
//! ```
//!
//! What the documents leave open is not asserted. Where they name no status code, any of its class passes. What a
//! server does not claim to support does not apply. Where the documents contradict themselves or each other, the
//! server gets the benefit of the doubt.

mod catalog;
mod description;
mod error;
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
mod steps;
mod verdicts;

pub use catalog::Protocol;
pub use error::CheckError;
pub use http::{Exchange, Message};
pub use options::Options;
pub use progress::Progress;
pub use report::{Outcome, Report, Verdict};
pub use rule::Level;
pub use steps::{check, run};
pub use synth::media::VideoCodec;
