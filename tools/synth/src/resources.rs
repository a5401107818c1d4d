//! CPU time of this process and its threads, and its limit of open files.

use std::time::Duration;

/// CPU time of this process so far.
#[cfg(unix)]
pub fn of_process() -> Option<Duration> {
    of_clock(rustix::time::ClockId::ProcessCPUTime)
}

/// CPU time of this thread so far.
#[cfg(unix)]
pub fn of_thread() -> Option<Duration> {
    of_clock(rustix::time::ClockId::ThreadCPUTime)
}

#[cfg(unix)]
fn of_clock(clock: rustix::time::ClockId) -> Option<Duration> {
    rustix::time::clock_gettime(clock).try_into().ok()
}

/// CPU time of this process; not known on this system.
#[cfg(not(unix))]
pub fn of_process() -> Option<Duration> {
    None
}

/// CPU time of this thread; not known on this system.
#[cfg(not(unix))]
pub fn of_thread() -> Option<Duration> {
    None
}

/// Raises the limit of open files to what is needed, if the system lets us.
///
/// # Errors
/// With what to do about it.
#[cfg(unix)]
pub fn allow_files(needed: u64) -> Result<(), String> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|it| it >= needed) {
        return Ok(());
    }
    let limit = Rlimit { current: Some(needed), maximum };
    setrlimit(Resource::Nofile, limit).map_err(|_| {
        let most = maximum.map_or(0, |it| it);
        format!(
            "{needed} open files are needed and {most} allowed; raise it with `ulimit -n {needed}`"
        )
    })
}

/// This system has no such limit.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn allow_files(_needed: u64) -> Result<(), String> {
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_thread_and_its_process_tell_their_cpu_time() {
        assert!(of_process().is_some() && of_thread().is_some());
    }
}
