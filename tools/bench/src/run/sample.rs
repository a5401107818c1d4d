//! What the machine tells of server and tool.

use std::time::Duration;

use synth::resources;

use crate::error::RunError;
use crate::options::Options;
use crate::report::Measurement;
use crate::server_process::{self, Usage};
use crate::worker::Measured;

/// What the machine tells at one moment.
pub(super) struct Sample {
    server: Option<Usage>,
    own: Option<Duration>,
    buffer_errors: Option<u64>,
}

impl Sample {
    pub(super) fn take(options: &Options) -> Self {
        Self {
            server: options.pid.and_then(server_process::usage),
            own: resources::of_process(),
            buffer_errors: server_process::udp_buffer_errors(),
        }
    }

    /// What happened since an earlier one.
    pub(super) fn since(
        &self,
        before: &Self,
        took: Duration,
        server_before: Option<Usage>,
        viewers: &[Measured],
        publishers: &Measured,
    ) -> Measurement {
        let threads = viewers.iter().chain([publishers]).filter_map(|it| it.cpu);
        Measurement {
            took,
            server_cpu: self
                .server
                .zip(before.server)
                .map(|(after, before)| after.cpu - before.cpu),
            server_rss: self.server.map(|it| it.rss_bytes),
            server_rss_before: server_before.map(|it| it.rss_bytes),
            own_cpu: self.own.zip(before.own).map(|(after, before)| after - before),
            busiest_thread: threads.max(),
            buffer_errors: self
                .buffer_errors
                .zip(before.buffer_errors)
                .map(|(after, before)| after.saturating_sub(before)),
        }
    }
}

/// The server's process, when it is to be measured.
pub(super) fn server(options: &Options) -> Result<Option<Usage>, RunError> {
    let inspect = |pid| server_process::usage(pid).ok_or(RunError::NoProcess(pid));
    options.pid.map(inspect).transpose()
}
