//! What changes when half of the time is over: viewers go back in the broadcast, or the rooms are recorded from then on.
//! Both halves are measured, so what that costs is told by one run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use protocol::{ClientMessage, ServerMessage};
use synth::stats::Totals;

/// Viewers go back at least so far: a nearer keyframe could be one that others overtook on the way.
const NEAREST: Duration = Duration::from_secs(5);

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    First,
    Second,
    Over,
}

/// What one session says when half of the time is over, and where it counts that the server did so.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) message: ClientMessage,
    pub(crate) totals: &'a Totals,
    done: &'a AtomicU64,
    is_done: bool,
}

impl<'a> Turn<'a> {
    /// A viewer goes back, to anywhere in what it has seen.
    pub(crate) fn rewind(seen_for: Duration, totals: &'a Totals) -> Self {
        let most = seen_for.max(NEAREST).as_millis() as u32;
        let ago = fastrand::u32(NEAREST.as_millis() as u32..=most);
        let ago_ms = Some(f64::from(ago));
        let message = ClientMessage::Rewind { ago_ms, paused: None, fast: None };
        Self { message, totals, done: &totals.rewound, is_done: false }
    }

    /// A host has its room recorded.
    pub(crate) fn record(totals: &'a Totals) -> Self {
        let message = ClientMessage::RoomSet {
            title: None,
            notice: None,
            chat: None,
            words: None,
            recording: Some(true),
        };
        Self { message, totals, done: &totals.recorded, is_done: false }
    }

    /// Takes what the server says afterwards.
    pub(crate) fn hear(&mut self, text: &str) {
        let is_recorded = matches!(self.message, ClientMessage::RoomSet { .. });
        let is_done = match serde_json::from_str(text) {
            Ok(ServerMessage::Rewound { at }) => {
                if at.is_none() {
                    self.totals.note("rewind: nothing is kept of the broadcast");
                }
                at.is_some()
            }
            Ok(ServerMessage::State(room)) => is_recorded && room.kept.recording,
            Ok(ServerMessage::Error { code, .. }) => {
                self.totals.note(code.as_str());
                false
            }
            _ => false,
        };
        if is_done && !self.is_done {
            self.is_done = true;
            self.done.fetch_add(1, Ordering::Relaxed);
        }
    }
}
