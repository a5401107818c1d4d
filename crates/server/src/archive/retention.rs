//! Deletes recordings that are too old or take too much space, and clips beyond their number.

use std::time::Duration;

use super::Archive;
use crate::clock::now_ms;
use crate::shutdown::Shutdown;

/// How often it is looked for.
const EVERY: Duration = Duration::from_secs(3_600);

/// The most recordings that are deleted at once.
const MAX_AT_ONCE: usize = 1_000;

/// The most clips; beyond it the oldest is deleted.
pub(crate) const MAX_CLIPS: usize = 10_000;

const DAY_MS: i64 = 24 * 3_600 * 1_000;

const GIB: i64 = 1024 * 1024 * 1024;

impl Archive {
    /// Deletes what is too old, now and then.
    pub(crate) async fn keep_clean(self, shutdown: Shutdown) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => self.delete_old().await,
                () = shutdown.wait() => return,
            }
        }
    }

    /// Deletes what is too old or too much.
    pub(super) async fn delete_old(&self) {
        let config = self.0.in_force.get();
        let record = &config.config.record;
        let days = i64::from(record.keep_days);
        let before = (days > 0).then(|| now_ms() - days * DAY_MS);
        let max = i64::from(record.max_gib);
        let max = (max > 0).then(|| max * GIB);
        match self.0.store.recordings_to_delete(before, max, MAX_AT_ONCE).await {
            Ok(rows) => {
                for row in rows {
                    tracing::info!(
                        room = row.room,
                        id = row.id,
                        "a recording is deleted, as configured"
                    );
                    if let Err(error) = self.delete_recording(&row.id).await {
                        tracing::warn!(id = row.id, %error, "a recording cannot be deleted");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "old recordings cannot be found"),
        }
        for row in self.0.store.clips_beyond(MAX_CLIPS).await.unwrap_or_default() {
            if let Err(error) = self.delete_clip(&row.id).await {
                tracing::warn!(id = row.id, %error, "a clip cannot be deleted");
            }
        }
    }
}
