//! Session descriptions (RFC 8866) as used by WebRTC: one parser for every part of Kaibo.
//!
//! [`Description::parse`] splits a text without copying it, into the names and values of attributes, for the session
//! and for each media description. Values are parsed on access. Like browsers, the parser skips what it does not know.
//! It only rejects descriptions that nobody could use, and those that exceed the [`bounds`].
//!
//! No policy: callers decide which codecs, directions and certificates they accept.
//!
//! | file | content |
//! | --- | --- |
//! | `description.rs` | [`Description`]: a whole description, its [`Origin`] and its [`Group`]s |
//! | `section.rs` | [`Section`]: one media description |
//! | `attributes.rs` | [`Attributes`]: names and values of `a=` lines |
//! | `direction.rs` | [`Direction`] |
//! | `payload_type.rs`, `fmtp.rs` | [`PayloadTypes`]: `a=rtpmap`, `a=fmtp`, `a=rtcp-fb` |
//! | `profile_level_id.rs` | [`ProfileLevelId`] of H264 |
//! | `extmap.rs` | [`Extmap`]: header extensions |
//! | `source.rs` | [`Source`], [`SourceGroup`]: `a=ssrc`, `a=ssrc-group` |
//! | `simulcast.rs` | [`Rid`], [`Simulcast`] |
//! | `candidate.rs` | [`Candidate`] |
//! | `transport.rs` | [`Transport`]: ICE credentials, certificates and DTLS role, from any level of the description |
//! | `fingerprint.rs` | [`Fingerprint`] of a certificate |
//! | `fragment.rs` | [`Fragment`]: `application/trickle-ice-sdpfrag` |
//! | `write.rs` | [`Writer`], and [`rewritten`]: a description with changed lines |
//! | `lines.rs`, `bounds.rs`, `read.rs` | lines; limits; the single pass over a text |
//! | `meanings.rs` | check that a payload type has one encoding |
//! | `error.rs` | [`Error`] |
//! | `fuzz.rs` | properties that hold for any input |

mod attributes;
pub mod bounds;
mod candidate;
mod description;
mod direction;
mod error;
mod extmap;
mod fingerprint;
mod fmtp;
mod fragment;
#[doc(hidden)]
pub mod fuzz;
mod lines;
mod meanings;
mod payload_type;
mod profile_level_id;
mod read;
mod section;
mod simulcast;
mod source;
mod transport;
mod write;

pub use attributes::Attributes;
pub use candidate::{Address, Candidate};
pub use description::{Description, Group, Origin};
pub use direction::Direction;
pub use error::Error;
pub use extmap::Extmap;
pub use fingerprint::{Fingerprint, Hash, NotUsable};
pub use fmtp::Fmtp;
pub use fragment::Fragment;
pub use lines::{Line, Lines, lines};
pub use payload_type::{Encoding, Feedback, PayloadType, PayloadTypes};
pub use profile_level_id::{Level, Profile, ProfileLevelId};
pub use section::Section;
pub use simulcast::{Rid, RidDirection, Simulcast, SimulcastRid, SimulcastStream};
pub use source::{Source, SourceGroup};
pub use transport::{Credentials, Setup, Transport, check_pwd, check_ufrag};
pub use write::{Writer, rewritten};
