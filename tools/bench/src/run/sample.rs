//! CPU time, memory and drops, sampled between the phases of a run.

use std::time::{Duration, Instant};

use synth::resources;

use crate::error::RunError;
use crate::options::Options;
use crate::report::{Measurement, Phases, Used};
use crate::server_process::{self, Usage};
use crate::worker::Measured;

/// What the machine tells at one moment.
pub(super) struct Sample {
    at: Instant,
    server: Option<Usage>,
    own: Option<Duration>,
    buffer_errors: Option<u64>,
}

impl Sample {
    pub(super) fn take(options: &Options) -> Self {
        Self {
            at: Instant::now(),
            server: options.pid.and_then(server_process::usage),
            own: resources::of_process(),
            buffer_errors: server_process::udp_buffer_errors(),
        }
    }

    /// What the server used from an earlier one on.
    fn used_since(&self, before: &Self) -> Option<Used> {
        let (after, earlier) = (self.server?, before.server?);
        let media = after.media_cpu.zip(earlier.media_cpu);
        Some(Used {
            took: self.at - before.at,
            cpu: after.cpu.saturating_sub(earlier.cpu),
            media: media.map(|(after, before)| after.saturating_sub(before)),
        })
    }
}

/// What the machine told when each phase of a run began, and when the last of them ended.
pub(super) struct Samples {
    pub(super) publishing: Sample,
    pub(super) joining: Sample,
    /// Of the first of two steady phases, if there were two.
    pub(super) first: Option<Sample>,
    pub(super) steady: Sample,
    pub(super) end: Sample,
}

impl Samples {
    /// What happened; `gone` is when all had said goodbye.
    pub(super) fn measurement(
        &self,
        gone: &Sample,
        server_before: Option<Usage>,
        viewers: &[Measured],
        publishers: &Measured,
    ) -> Measurement {
        let Self { publishing, joining, first, steady, end } = self;
        let joined = first.as_ref().unwrap_or(steady);
        let phases = || {
            Some(Phases {
                publishing: joining.used_since(publishing)?,
                joining: joined.used_since(joining)?,
                steady: end.used_since(steady)?,
                goodbye: gone.used_since(end)?.cpu,
            })
        };
        let threads = viewers.iter().chain([publishers]);
        let mut last = Measurement::between(steady, end, server_before);
        last.busiest_thread = threads.clone().filter_map(|it| it.cpu).max();
        last.phases = phases();
        last.first = first.as_ref().map(|first| {
            let mut it = Measurement::between(first, steady, server_before);
            it.busiest_thread = threads.filter_map(|it| it.first.as_ref()?.cpu).max();
            Box::new(it)
        });
        last
    }
}

impl Measurement {
    fn between(from: &Sample, to: &Sample, server_before: Option<Usage>) -> Self {
        Self {
            took: to.at - from.at,
            server_cpu: to.used_since(from).map(|it| it.cpu),
            server_rss: to.server.map(|it| it.rss_bytes),
            server_rss_before: server_before.map(|it| it.rss_bytes),
            own_cpu: to.own.zip(from.own).map(|(after, before)| after - before),
            busiest_thread: None,
            buffer_errors: to
                .buffer_errors
                .zip(from.buffer_errors)
                .map(|(after, before)| after.saturating_sub(before)),
            phases: None,
            first: None,
        }
    }
}

/// The server's process, when it is to be measured.
pub(super) fn server(options: &Options) -> Result<Option<Usage>, RunError> {
    let inspect = |pid| server_process::usage(pid).ok_or(RunError::NoProcess(pid));
    options.pid.map(inspect).transpose()
}
