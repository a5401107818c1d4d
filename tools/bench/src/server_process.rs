//! CPU time and memory of the server's process, and drops of the machine's network, from `/proc`.

use std::time::Duration;

/// What a process used so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) rss_bytes: u64,
    /// CPU time of its media threads, if it is a server of ours.
    pub(crate) media_cpu: Option<Duration>,
}

/// What a process used so far, from `/proc`; `None` where there is none, or no such process.
#[cfg(target_os = "linux")]
pub(crate) fn usage(pid: u32) -> Option<Usage> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let page = rustix::param::page_size() as u64;
    let usage = parse_stat(&stat, rustix::param::clock_ticks_per_second(), page)?;
    Some(Usage { media_cpu: media_threads(pid), ..usage })
}

/// What a process used so far; not known on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn usage(_pid: u32) -> Option<Usage> {
    None
}

/// Reads `/proc/PID/stat` (proc(5)).
#[cfg(any(test, target_os = "linux"))]
fn parse_stat(stat: &str, ticks_per_second: u64, page_bytes: u64) -> Option<Usage> {
    // The name, in parentheses, may hold anything. What follows begins with field 3.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let pages: u64 = fields.nth(8)?.parse().ok()?;
    let cpu = Duration::from_secs_f64((user + system) as f64 / ticks_per_second as f64);
    Some(Usage { cpu, rss_bytes: pages * page_bytes, media_cpu: None })
}

/// CPU time of the threads that `crates/engine` names `media0`, `media1` and so on; `None` when there are none.
#[cfg(target_os = "linux")]
fn media_threads(pid: u32) -> Option<Duration> {
    let of_thread = |folder: std::path::PathBuf| {
        let name = std::fs::read_to_string(folder.join("comm")).ok()?;
        let number = name.trim_end().strip_prefix("media")?;
        number.parse::<u32>().ok()?;
        // Nanoseconds on a processor (Documentation/scheduler/sched-stats.rst).
        let stat = std::fs::read_to_string(folder.join("schedstat")).ok()?;
        Some(Duration::from_nanos(stat.split_ascii_whitespace().next()?.parse().ok()?))
    };
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).ok()?;
    let times = threads.filter_map(|it| of_thread(it.ok()?.path()));
    times.reduce(|sum, it| sum + it)
}

/// Datagrams that the machine dropped because a socket's buffer was full, of all its processes.
pub(crate) fn udp_buffer_errors() -> Option<u64> {
    let all = std::fs::read_to_string("/proc/net/snmp").ok()?;
    let mut lines = all.lines().filter_map(|it| it.strip_prefix("Udp: "));
    let (names, values) = (lines.next()?, lines.next()?);
    let at = names.split(' ').position(|it| it == "RcvbufErrors")?;
    values.split(' ').nth(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_process_is_called() {
        let stat =
            "42 (a (b) c) S 1 42 42 0 -1 4194304 1 0 0 0 150 50 0 0 20 0 5 0 100 1000000 256 1";
        let usage = parse_stat(stat, 100, 4_096).unwrap();
        let cpu = Duration::from_secs(2);
        assert_eq!(usage, Usage { cpu, rss_bytes: 1 << 20, media_cpu: None });
        assert_eq!(parse_stat("42 (x) S 1", 100, 4_096), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_can_be_inspected() {
        let usage = usage(std::process::id()).unwrap();
        assert!(usage.rss_bytes > 1 << 20, "{usage:?}");
    }
}
