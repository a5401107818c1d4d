//! How many connections the system allows.

use super::limits::OTHER_DESCRIPTORS;

/// The number of connections that was asked for, or what `RLIMIT_NOFILE` allows beside everything else.
pub(super) fn allowed(connections: usize) -> usize {
    let Some(descriptors) = limit() else { return connections };
    let allowed = fitting(connections, descriptors);
    if allowed < connections {
        tracing::warn!(
            open_files = descriptors,
            connections = allowed,
            wanted = connections,
            "the limit of open files leaves room for fewer connections: raise it with ulimit -n 65536, \
             LimitNOFILE=65536 in a systemd unit or --ulimit nofile=65536 of Docker"
        );
    }
    allowed
}

fn fitting(connections: usize, descriptors: usize) -> usize {
    // With very few descriptors some connections are better than none: accepting copes with too few.
    connections.min(descriptors.saturating_sub(OTHER_DESCRIPTORS).max(descriptors / 4)).max(1)
}

/// The limit of open files; none when there is no limit.
#[cfg(unix)]
fn limit() -> Option<usize> {
    let soft = rustix::process::getrlimit(rustix::process::Resource::Nofile).current?;
    Some(usize::try_from(soft).unwrap_or(usize::MAX))
}

#[cfg(not(unix))]
fn limit() -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_media_and_files() {
        assert_eq!(fitting(10_000, 1_048_576), 10_000);
        assert_eq!(fitting(10_000, 1_024), 1_024 - OTHER_DESCRIPTORS);
        assert_eq!(fitting(10_000, 256), 64);
        assert_eq!(fitting(8, 1_024), 8);
        assert_eq!(fitting(10_000, 0), 1);
    }
}
