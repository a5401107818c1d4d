//! What happens in rooms, on its way to webhooks and to the records of broadcasts.

use control::{BroadcastRecord, Happened, RecordedChat, Rewind, RoomEvent};
use media_api::{PeerId, RoomId};
use protocol::RoomName;
use serde_json::{Map, Value, json};
use store::{BroadcastRow, Store, StoreError};
use webhooks::{Event, EventKind, Webhooks};

use crate::archive::Archive;

/// Why a broadcast ended of which a server that crashed does not know the end: a word of `docs/operate.md`.
const LOST: &str = "server_fault";

/// Tells what happens in rooms. Clones are the same; the default tells nobody.
#[derive(Debug, Clone, Default)]
pub(crate) struct Happenings(Option<(Webhooks, Store, Archive)>);

impl Happenings {
    pub(crate) fn new(webhooks: Webhooks, store: Store, archive: Archive) -> Self {
        Self(Some((webhooks, store, archive)))
    }

    /// Something happened in a room. This never waits.
    pub(crate) fn tell(&self, event: RoomEvent) {
        if let Some((webhooks, _, archive)) = &self.0 {
            archive.happened(&event);
            webhooks.happened(told(event));
        }
    }

    /// A room is to be recorded, or not any more. This never waits.
    pub(crate) fn wish_recording(&self, room: RoomName, id: RoomId, on: bool) {
        if let Some((_, _, archive)) = &self.0 {
            archive.wish(room, id, on);
        }
    }

    /// Something was said in a room that is recorded. This never waits.
    pub(crate) fn said(&self, room: &RoomName, said: RecordedChat) {
        if let Some((_, _, archive)) = &self.0 {
            archive.said(room, said);
        }
    }

    /// A viewer goes back in a broadcast, or to what is live. This never waits.
    pub(crate) fn rewind(&self, room: RoomId, peer: PeerId, wish: Rewind) {
        if let Some((_, _, archive)) = &self.0 {
            archive.rewind(room, peer, wish);
        }
    }

    /// A viewer is not sent the past any more, or is gone. This never waits.
    pub(crate) fn end_past(&self, peer: PeerId) {
        if let Some((_, _, archive)) = &self.0 {
            archive.end_past(peer);
        }
    }

    /// Saves the record of a broadcast, soon.
    pub(crate) fn save(&self, record: &BroadcastRecord) {
        if let Some((_, store, _)) = &self.0 {
            match row(record) {
                Ok(row) => store.save_broadcast(row),
                Err(error) => tracing::error!(id = record.id, %error, "broadcast not saved"),
            }
        }
    }

    /// Ends the broadcasts that were live when the server crashed: at the time until which they are known.
    ///
    /// # Errors
    /// When they cannot be read.
    pub(crate) async fn end_lost(&self) -> Result<(), StoreError> {
        let Some((_, store, _)) = &self.0 else { return Ok(()) };
        for row in store.open_broadcasts().await? {
            let Ok(mut record) = serde_json::from_str::<BroadcastRecord>(&row.record) else {
                tracing::error!(id = row.id, "broadcast not read");
                continue;
            };
            record.ended = Some(record.until);
            record.why = Some(LOST.into());
            self.save(&record);
            let BroadcastRecord { id, room, title, began, until, joins, peak, .. } = record;
            tracing::info!(%room, id, "a broadcast of before ended with the server");
            let for_ms = (until - began).max(0.0) as u64;
            let what = Happened::Ended { why: LOST.into(), for_ms, peak, joins };
            self.tell(RoomEvent { room, room_id: None, title, broadcast: id, at: until, what });
        }
        Ok(())
    }

    /// Finishes recordings, and writes what webhooks are to be told.
    pub(crate) async fn finish(&self) {
        if let Some((webhooks, _, archive)) = &self.0 {
            archive.finish().await;
            webhooks.finish().await;
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "milliseconds of these centuries")]
fn row(record: &BroadcastRecord) -> serde_json::Result<BroadcastRow> {
    Ok(BroadcastRow {
        id: record.id.clone(),
        room: record.room.to_string(),
        began_ms: record.began as i64,
        ended_ms: record.ended.map(|at| at as i64),
        record: serde_json::to_string(record)?,
    })
}

/// An event as webhooks tell it.
#[allow(clippy::cast_possible_truncation, reason = "milliseconds of these centuries")]
fn told(event: RoomEvent) -> Event {
    let RoomEvent { room, room_id: _, title, broadcast, at, what } = event;
    let (kind, more) = match what {
        Happened::Live => (EventKind::RoomLive, json!({})),
        Happened::Interrupted => (EventKind::RoomInterrupted, json!({})),
        Happened::Resumed { after_ms } => (EventKind::RoomResumed, json!({ "afterMs": after_ms })),
        Happened::Ended { why, for_ms, peak, joins } => {
            let more = json!({ "why": why, "forMs": for_ms, "peak": peak, "joins": joins });
            (EventKind::RoomEnded, more)
        }
        Happened::Viewers { step, n } => {
            (EventKind::RoomViewers, json!({ "step": step, "viewers": n }))
        }
        Happened::Finding(finding) => (EventKind::RoomFinding, json!({ "finding": finding })),
    };
    let mut fields = Map::from_iter([("broadcast".into(), broadcast.into())]);
    if let Value::Object(more) = more {
        fields.extend(more);
    }
    Event {
        kind,
        room: Some(room.to_string()),
        title: title.map(|it| it.as_str().to_owned()),
        at_ms: at as i64,
        fields,
    }
}
