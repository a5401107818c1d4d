//! Open files: each connection is one, and a system's usual limit of 1,024 is a small room.

/// With fewer, the server does not start: its own sockets and a handful of connections would use them up.
const LEAST: u64 = 256;

/// With fewer, a warning: rooms of a thousand may not have room.
const COMFORTABLE: u64 = 4096;

/// What is said of a limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Fine,
    Warning(String),
    Refusal(String),
}

/// Judges how many files may be open at once; `None` is any number.
pub(crate) fn judge(limit: Option<u64>) -> Verdict {
    const WAY_OUT: &str = "raise the limit with ulimit -n 65536, LimitNOFILE=65536 in a systemd unit \
                           or --ulimit nofile=65536 of Docker";
    match limit {
        Some(n) if n < LEAST => Verdict::Refusal(format!(
            "only {n} files may be open at once, each connection is one, and {LEAST} are the least: {WAY_OUT}"
        )),
        Some(n) if n < COMFORTABLE => Verdict::Warning(format!(
            "only {n} files may be open at once, and each connection is one: {WAY_OUT}"
        )),
        _ => Verdict::Fine,
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
    fn few_are_warned_of_and_too_few_refused() {
        for limit in [None, Some(4096), Some(1 << 30)] {
            assert_eq!(judge(limit), Verdict::Fine);
        }
        for limit in [256, 4095] {
            assert!(matches!(judge(Some(limit)), Verdict::Warning(it) if it.contains("ulimit -n")));
        }
        for limit in [0, 255] {
            assert!(matches!(judge(Some(limit)), Verdict::Refusal(it) if it.contains("ulimit -n")));
        }
    }
}
