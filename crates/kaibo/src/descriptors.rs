//! Open files: each connection is one, and the usual limit of a system is low. That some connections have to be left
//! out is told by the server, which knows how many it was asked for.

/// With fewer, the server does not start: its own sockets and a handful of connections would use them up.
const LEAST: u64 = 256;

/// Checks how many files may be open at once; `None` is any number.
///
/// # Errors
/// A sentence, when they are too few to serve anybody.
pub(crate) fn check(limit: Option<u64>) -> Result<(), String> {
    match limit {
        Some(n) if n < LEAST => Err(format!(
            "only {n} files may be open at once, each connection is one, and {LEAST} are the least: raise the \
             limit with ulimit -n 65536, LimitNOFILE=65536 in a systemd unit or --ulimit nofile=65536 of Docker"
        )),
        _ => Ok(()),
    }
}

/// Raises the limit of this process as far as it may, and tells what it is then.
#[cfg(unix)]
pub(crate) fn raise() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    if current != maximum && setrlimit(Resource::Nofile, raised).is_err() {
        // macOS calls the limit infinite and takes no more than OPEN_MAX.
        const OPEN_MAX: u64 = 10_240;
        let most = maximum.map_or(OPEN_MAX, |it| it.min(OPEN_MAX));
        if current.is_some_and(|it| it < most) {
            // What cannot be raised stays as it is, and is judged so.
            _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum });
        }
    }
    getrlimit(Resource::Nofile).current
}

/// This system has no such limit.
#[cfg(not(unix))]
pub(crate) fn raise() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_are_refused() {
        for limit in [None, Some(256), Some(1 << 30)] {
            assert_eq!(check(limit), Ok(()));
        }
        for limit in [0, 255] {
            assert!(check(Some(limit)).unwrap_err().contains("ulimit -n"));
        }
    }
}
