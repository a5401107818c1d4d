//! Memory and open files of the server's process, as far as the system tells.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::task::JoinHandle;

/// How often it is inspected.
const INTERVAL: Duration = Duration::from_millis(100);

/// What a process has at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) rss_bytes: u64,
    /// Open descriptors.
    pub(crate) files: u64,
}

/// What a process has now, from `/proc`; `None` where there is none, or no such process.
pub(crate) fn inspect(pid: u32) -> Option<Usage> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let files = std::fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count() as u64;
    Some(Usage { rss_bytes: parse_rss(&status)?, files })
}

/// Reads `VmRSS` of `/proc/PID/status` (proc(5)); a process that ended has none.
fn parse_rss(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

/// Inspects a process again and again, until it is dropped.
#[derive(Debug)]
pub(crate) struct Watch {
    peaks: Arc<(AtomicU64, AtomicU64)>,
    task: JoinHandle<()>,
}

impl Watch {
    pub(crate) fn start(pid: u32) -> Self {
        let peaks = Arc::new((AtomicU64::new(0), AtomicU64::new(0)));
        let seen = Arc::clone(&peaks);
        let task = tokio::spawn(async move {
            loop {
                if let Some(usage) = inspect(pid) {
                    seen.0.fetch_max(usage.rss_bytes, Ordering::Relaxed);
                    seen.1.fetch_max(usage.files, Ordering::Relaxed);
                }
                tokio::time::sleep(INTERVAL).await;
            }
        });
        Self { peaks, task }
    }

    /// The most that was seen.
    pub(crate) fn peak(&self) -> Usage {
        let (rss, files) = &*self.peaks;
        Usage { rss_bytes: rss.load(Ordering::Relaxed), files: files.load(Ordering::Relaxed) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_and_a_process_that_ended_has_none() {
        let status = "Name:\tkaibo\nVmHWM:\t  900 kB\nVmRSS:\t   512 kB\nThreads:\t4\n";
        assert_eq!(parse_rss(status), Some(512 * 1_024));
        assert_eq!(parse_rss("Name:\tkaibo\nState:\tZ (zombie)\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_can_be_inspected() {
        let usage = inspect(std::process::id()).unwrap();
        assert!(usage.rss_bytes > 1 << 20 && usage.files > 2, "{usage:?}");
    }
}
