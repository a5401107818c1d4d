//! Checks that come before the viewer's answer: it goes another way, by signalling, and a browser
//! begins to check as soon as it has written it. They are answered when it is here, and not sooner,
//! for what the viewer does next needs it as well.

use super::Path;
use crate::datagram::Datagram;

/// Of as many addresses of the viewer's; the rest it checks again in 50 ms.
const MAX_PATHS: usize = 4;

/// A browser's check has 100 to 150 bytes.
const MAX_BYTES: usize = 512;

/// The last check of each path, oldest first; empty, and without memory of its own, nearly always.
#[derive(Debug, Default)]
pub(super) struct Early(Vec<(Path, Box<[u8]>)>);

impl Early {
    /// Keeps one that has our credentials; returns whether there is room.
    pub(super) fn keep(&mut self, path: Path, datagram: &Datagram<'_>) -> bool {
        self.0.retain(|it| it.0 != path);
        let has_room = self.0.len() < MAX_PATHS && datagram.contents.len() <= MAX_BYTES;
        if has_room {
            self.0.push((path, datagram.contents.into()));
        }
        has_room
    }

    /// The next to be looked at.
    pub(super) fn take(&mut self) -> Option<(Path, Box<[u8]>)> {
        if self.0.is_empty() {
            return None;
        }
        let first = self.0.remove(0);
        if self.0.is_empty() {
            self.0 = Vec::new();
        }
        Some(first)
    }
}
