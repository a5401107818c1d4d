//! Clips of the last seconds of a broadcast.

use std::path::PathBuf;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use auth::ClientAddr;
use auth::rate_limit::WindowCount;
use protocol::RoomName;
use record::{ClipError, ClipOrder};
use serde::{Deserialize, Serialize};
use store::{ClipRow, StoreError};
use tokio::sync::oneshot;

use super::Archive;
use super::written::seconds;
use crate::clock::now_ms;
use crate::limits::CLIPS_PER_MINUTE;

/// See [`CLIPS_PER_MINUTE`].
const CLIP_WINDOW: Duration = Duration::from_secs(60);

/// A clip as it is asked for.
#[derive(Debug)]
pub(crate) struct ClipAsked {
    /// Of the last so many seconds.
    pub(crate) last: Duration,
    /// What it is to be called; else what the broadcast is called.
    pub(crate) title: Option<String>,
}

/// Why there is no clip.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotClipped {
    /// Nobody is live in the room.
    #[error("nobody is live in the room")]
    Offline,
    /// The recorder does not do it.
    #[error(transparent)]
    Clip(#[from] ClipError),
    /// The store does not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is written down of a clip.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClipRecord {
    /// The name of its file.
    pub(crate) file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) title: Option<String>,
    /// How long it is, in seconds.
    pub(crate) seconds: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) width: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) height: Option<u32>,
    /// The name and the kind of its picture, when the room had one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) still: Option<(String, String)>,
}

impl Archive {
    /// Makes a clip of a room.
    pub(crate) async fn clip(
        &self,
        room: &RoomName,
        asked: ClipAsked,
    ) -> Result<ClipRow, NotClipped> {
        let live = self.live(room).ok_or(NotClipped::Offline)?;
        let made_ms = now_ms();
        // The time sorts them. Nobody guesses the rest: a clip of an unlisted room is unlisted, too.
        let id = format!("{made_ms:012x}{:016x}", rand::random::<u64>());
        let folder = self.clip_folder(&id);
        let order = ClipOrder {
            room: live.room,
            last: asked.last,
            folder: folder.clone(),
            format: self.0.in_force.get().config.record.format.into(),
        };
        let (reply, made) = oneshot::channel();
        match &self.state().recorder {
            Some(recorder) => recorder.clip(order, move |clip| _ = reply.send(clip)),
            None => return Err(NotClipped::Offline),
        }
        let made = made.await.unwrap_or(Err(ClipError::Busy));
        let clip = match made {
            Ok(clip) => clip,
            Err(error) => {
                super::remove_folder(folder).await;
                return Err(error.into());
            }
        };
        let still = self.save_still(room, folder).await;
        let (width, height) = (clip.size.map(|it| it.0), clip.size.map(|it| it.1));
        let record = ClipRecord {
            file: clip.name,
            title: asked.title.or(live.title),
            seconds: seconds(clip.duration),
            width,
            height,
            still,
        };
        let row = ClipRow {
            id: id.clone(),
            room: room.to_string(),
            made_ms,
            bytes: i64::try_from(clip.bytes).unwrap_or(i64::MAX),
            record: serde_json::to_string(&record).unwrap_or_default(),
        };
        self.0.store.save_clip(row.clone()).await?;
        tracing::info!(%room, id, seconds = record.seconds, "clip made");
        Ok(row)
    }

    /// Whether a network may have one more clip made now.
    pub(crate) fn may_clip(&self, client: &ClientAddr, now: Instant) -> bool {
        if client.is_unlimited() {
            return true;
        }
        let mut rates = self.0.clip_rates.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || WindowCount::new(CLIP_WINDOW);
        let rate = rates.entry(client.network(), |it| it.get(now) == 0, new);
        rate.is_some_and(|it| it.add(now) <= CLIPS_PER_MINUTE)
    }

    /// The files of a clip.
    pub(crate) fn clip_folder(&self, id: &str) -> PathBuf {
        self.0.folder.join("clips").join(id)
    }

    /// Deletes a clip with its files; whether there was one.
    pub(crate) async fn delete_clip(&self, id: &str) -> Result<bool, StoreError> {
        let is_there = self.0.store.delete_clip(id).await?;
        if is_there {
            super::remove_folder(self.clip_folder(id)).await;
        }
        Ok(is_there)
    }

    /// Keeps the newest picture of a room beside its clip.
    async fn save_still(&self, room: &RoomName, folder: PathBuf) -> Option<(String, String)> {
        let still = self.still(room)?;
        let ending = still.mime.rsplit('/').next().unwrap_or_default();
        let name = format!("still.{ending}");
        let path = folder.join(&name);
        let written = tokio::task::spawn_blocking(move || std::fs::write(path, &still.bytes));
        written.await.ok()?.ok()?;
        Some((name, still.mime.to_owned()))
    }
}
