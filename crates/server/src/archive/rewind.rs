//! Viewers go back in a broadcast.

use std::time::Duration;

use control::Rewind;
use media_api::{CATCH_UP_PERCENT, PastOrder, PeerId, RoomId};

use super::Archive;
use crate::clock::now_ms;

impl Archive {
    /// Sends a viewer the past of its room, or what is live again. This never waits.
    pub(crate) fn rewind(&self, room: RoomId, peer: PeerId, wish: Rewind) {
        match wish {
            Rewind::To(Duration::ZERO) => {
                self.0.past.go_live(peer);
                (self.0.told_past)(peer, None);
            }
            Rewind::To(ago) => self.go_back(room, peer, ago),
            Rewind::Pause => self.0.past.order(peer, PastOrder::Pause),
            Rewind::Fast(fast) => {
                let percent = if fast { CATCH_UP_PERCENT } else { 100 };
                self.0.past.order(peer, PastOrder::Speed(percent));
            }
        }
    }

    /// A viewer is not sent the past any more, or is gone. This never waits.
    pub(crate) fn end_past(&self, peer: PeerId) {
        self.0.past.end(peer);
    }

    fn go_back(&self, room: RoomId, peer: PeerId, ago: Duration) {
        let Some(way) = self.0.past.set_out(peer) else { return (self.0.told_past)(peer, None) };
        let it = self.clone();
        let reply = move |entry: Option<record::Entry>| {
            let past = &it.0.past;
            if !past.is_on(peer, way) {
                return;
            }
            let at = entry.and_then(|entry| {
                let ago_ms = i64::try_from(entry.arrived().elapsed().as_millis()).ok()?;
                past.begin(peer, way, entry).then(|| (now_ms() - ago_ms) as f64)
            });
            if at.is_none() {
                past.go_live(peer);
            }
            (it.0.told_past)(peer, at);
        };
        let state = self.state();
        match &state.recorder {
            Some(recorder) => recorder.entry(room, ago, reply),
            None => reply(None),
        }
    }
}
