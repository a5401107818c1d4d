//! The pictures of rooms.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use protocol::RoomName;
use sha1::{Digest, Sha1};

use crate::keep::Keeper;
use crate::limits::COVERS;

/// A picture.
#[derive(Debug, Clone)]
pub(crate) struct Cover {
    pub(crate) bytes: Bytes,
    pub(crate) mime: &'static str,
    /// Another picture has another; the same one has the same, also after a restart.
    pub(crate) version: u32,
}

impl Cover {
    /// Reads a picture; `None` when it is none of the three kinds.
    pub(crate) fn parse(bytes: Bytes) -> Option<Self> {
        let mime = mime(&bytes)?;
        let hash = Sha1::digest(&bytes);
        let version = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
        Some(Self { bytes, mime, version })
    }
}

/// The kind of a picture, by its first bytes: what a client says of it proves nothing.
fn mime(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1A\n") {
        Some("image/png")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// Rooms with their pictures; `None` of one that was taken away, while it may still be stored.
type Recent = VecDeque<(RoomName, Option<Cover>)>;

/// All pictures: those asked for last in memory, at most [`COVERS`], the others in the store. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Covers {
    keeper: Keeper,
    /// The one asked for last is the last. Held for a few instructions, never across an await.
    recent: Arc<Mutex<Recent>>,
}

impl Covers {
    pub(crate) fn new(keeper: Keeper) -> Self {
        Self { keeper, recent: Arc::default() }
    }

    /// Gives a room a picture, or takes it away.
    pub(crate) fn set(&self, room: RoomName, cover: Option<Cover>) {
        let bytes = cover.as_ref().map(|cover| cover.bytes.clone());
        self.keeper.save_cover(&room, bytes);
        self.remember(room, cover);
    }

    /// The picture of a room.
    pub(crate) async fn get(&self, room: &RoomName) -> Option<Cover> {
        let known = self.lock().iter().find(|(name, _)| name == room).cloned();
        let cover = match known {
            Some((_, cover)) => cover,
            None => self.keeper.cover(room).await.and_then(Cover::parse),
        };
        // A room without a picture takes no place of one that has one.
        if cover.is_some() {
            self.remember(room.clone(), cover.clone());
        }
        cover
    }

    fn remember(&self, room: RoomName, cover: Option<Cover>) {
        let mut recent = self.lock();
        recent.retain(|(name, _)| *name != room);
        if recent.len() >= COVERS {
            recent.pop_front();
        }
        recent.push_back((room, cover));
    }

    fn lock(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_told_by_its_first_bytes() {
        assert_eq!(mime(b"\xFF\xD8\xFF\xE0"), Some("image/jpeg"));
        assert_eq!(mime(b"\x89PNG\r\n\x1A\n\0"), Some("image/png"));
        assert_eq!(mime(b"RIFF\0\0\0\0WEBPVP8 "), Some("image/webp"));
        for other in [&b"<svg onload=alert(1)>"[..], b"RIFF\0\0\0\0WAVE", b"GIF89a", b""] {
            assert_eq!(mime(other), None);
        }
    }
}
