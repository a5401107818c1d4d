//! Whether the data folder is well, for the operator.

use crate::Store;

/// How the store does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// Whether the data folder could be written when the store was opened.
    pub is_writable: bool,
    /// Whether the last try to write failed.
    pub is_failing: bool,
    /// Calls and rooms that wait for the disk.
    pub n_waiting: usize,
}

impl Store {
    /// How the store does now.
    pub fn health(&self) -> Health {
        let queue = self.0.lock();
        Health {
            is_writable: self.0.is_writable,
            is_failing: queue.is_failing(),
            n_waiting: queue.n_waiting(),
        }
    }
}
