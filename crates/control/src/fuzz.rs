//! What must hold whatever clients and the media plane do: rounds of the fuzz targets, which `tests/fuzz.rs` runs
//! briefly.
//!
//! | file | what |
//! | --- | --- |
//! | `script.rs` | reads choices from bytes |
//! | `frames.rs` | messages that mean something |
//! | `media_plane.rs` | a media plane that does at once what it is asked |
//! | `books.rs` | what holds between any two inputs of the hub |
//! | `hub.rs` | a hub that is driven by a script |

pub(crate) mod books;
mod frames;
mod hub;
pub(crate) mod media_plane;
mod script;

pub use hub::hub;

use crate::sdp_summary;

/// A text has a summary of bounded size or is refused, and line ends do not matter.
pub fn sdp_summary(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(summary) = sdp_summary::inspect(text) else { return };
    assert!(summary.has_media || !summary.can_send);
    assert!(summary.session.as_ref().is_none_or(|it| it.len() <= 128));
    if !text.contains('\r') && text.len() < sdp::bounds::MAX_BYTES / 2 {
        assert_eq!(sdp_summary::inspect(&text.replace('\n', "\r\n")), Ok(summary));
    }
}
