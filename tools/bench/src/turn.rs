//! What changes when half of the time is over: viewers go back in the broadcast, or the rooms are recorded from then on.
//! Both halves are measured, so what that costs is told by one run.

use std::sync::atomic::Ordering;
use std::time::Duration;

use protocol::{ClientMessage, ServerMessage};
use synth::stats::Totals;

/// Viewers go back at least so far: a keyframe that is nearer is not told from one that was late.
const NEAREST: Duration = Duration::from_secs(5);

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    First,
    Second,
    Over,
}

/// What one session says when half of the time is over, and what it counts of the answer.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    pub(crate) message: ClientMessage,
    pub(crate) totals: &'a Totals,
}

impl<'a> Turn<'a> {
    /// A viewer goes back, to anywhere in what it has seen.
    pub(crate) fn rewind(seen_for: Duration, totals: &'a Totals) -> Self {
        let most = seen_for.max(NEAREST).as_millis() as u32;
        let ago = fastrand::u32(NEAREST.as_millis() as u32..=most);
        let ago_ms = Some(f64::from(ago));
        Self { message: ClientMessage::Rewind { ago_ms, paused: None, fast: None }, totals }
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
        Self { message, totals }
    }

    /// Takes what the server says afterwards.
    pub(crate) fn hear(&self, text: &str) {
        match serde_json::from_str(text) {
            Ok(ServerMessage::Rewound { at: Some(_) }) => {
                self.totals.rewound.fetch_add(1, Ordering::Relaxed);
            }
            Ok(ServerMessage::Rewound { at: None }) => {
                self.totals.note("rewind: nothing is kept of the broadcast");
            }
            Ok(ServerMessage::Error { code, .. }) => self.totals.note(code.as_str()),
            _ => {}
        }
    }
}
