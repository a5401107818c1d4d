//! placeholder
use std::time::Instant;
#[derive(Debug, Default)]
pub(crate) struct Timeline;
impl Timeline {
    pub(crate) fn map(&mut self, _seq: u64, ts: u32, _rate: u32, _arrived: Instant) -> (u32, bool) {
        (ts, false)
    }
}
