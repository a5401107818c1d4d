//! Where a media thread sends what it counts.

use std::fmt;
use std::sync::Arc;

use sfu::CoreFigures;

/// Takes the figures of each media thread that was asked. It is called on the media thread, so it only passes them on and
/// never blocks. Clones are the same.
#[derive(Clone)]
pub struct FiguresReply(Arc<dyn Fn(CoreFigures) + Send + Sync>);

impl FiguresReply {
    /// One that passes figures on.
    pub fn new(pass_on: impl Fn(CoreFigures) + Send + Sync + 'static) -> Self {
        Self(Arc::new(pass_on))
    }

    /// Passes figures on.
    pub fn send(&self, figures: CoreFigures) {
        (self.0)(figures);
    }
}

impl fmt::Debug for FiguresReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FiguresReply").finish_non_exhaustive()
    }
}
