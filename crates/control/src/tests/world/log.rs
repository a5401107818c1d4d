//! What an operator reads of a world: the lines of `info` and above.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::Once;

use super::World;

thread_local! {
    static LINES: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

static INIT: Once = Once::new();

struct ToThread;

impl Write for ToThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.with_borrow_mut(|lines| lines.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins an empty log of this thread.
pub(super) fn begin() {
    INIT.call_once(|| {
        let lines = tracing_subscriber::fmt().with_ansi(false).without_time().with_target(false);
        lines.with_writer(|| ToThread).init();
    });
    LINES.with_borrow_mut(Vec::clear);
}

impl World {
    /// The lines since it was last asked, each without its level.
    pub(in crate::tests) fn log(&mut self) -> Vec<String> {
        let text = LINES.with_borrow_mut(std::mem::take);
        let text = String::from_utf8(text).unwrap();
        text.lines()
            .filter_map(|line| line.trim().split_once(' '))
            .map(|(_, it)| it.into())
            .collect()
    }

    /// The lines that begin so.
    pub(in crate::tests) fn log_of(&mut self, begins: &str) -> Vec<String> {
        self.log().into_iter().filter(|line| line.starts_with(begins)).collect()
    }
}
