//! One run, from the first publisher to the report.

mod join;
mod sample;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use play::Recorded;
use synth::resources;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::error::RunError;
use crate::options::Options;
use crate::progress::{Phase, Progress};
use crate::report::{Crowd, Joins, Report};
use crate::server_process;
use crate::signaling::Signaling;
use crate::turn::Stage;
use crate::worker::{Handle, Measured};
use join::Joiner;
use sample::{Sample, Samples};
use synth::media::Shape;
use synth::stats::Totals;
use synth::viewer::{Identity, JOIN_TIMEOUT, Rules};

/// How often the run checks what its threads do.
const POLL: Duration = Duration::from_millis(50);
/// How often its caller is told.
const TELL: Duration = Duration::from_millis(500);
/// After the last join: latecomers are replayed the picture from the last keyframe on, faster than it
/// was made, and is level with the others by then.
const SETTLE: Duration = Duration::from_secs(1);
/// How long publishers are measured alone, for the cost of joins.
const PUBLISHERS_ALONE: Duration = Duration::from_secs(1);
/// How long goodbyes may take.
const GOODBYE: Duration = Duration::from_secs(3);

/// Runs the load and measures. Returns when it is over or interrupted; `tell` hears how it goes.
///
/// # Errors
/// When nothing could be measured: wrong options, no server, no publisher.
pub fn run(options: &Options, mut tell: impl FnMut(&Progress)) -> Result<Report, RunError> {
    options.check()?;
    let file = options.file.as_deref().map(Recorded::open).transpose()?;
    let mut options = options.clone();
    if let Some(file) = &file {
        options.video_bitrate = file.bit_rate.unwrap_or(0) / 1_000;
        options.fps = file.frame_rate.map_or(1, |it| it.round().max(1.0) as u32);
        options.audio = file.sent.audio;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|it| RunError::System(it.to_string()))?;
    runtime.block_on(Run::go(&options, file, &mut tell))
}

type Tell<'a> = &'a mut dyn FnMut(&Progress);

/// A run under way.
struct Run<'a> {
    options: &'a Options,
    /// What of the file is not sent.
    notes: Vec<String>,
    totals: Arc<Totals>,
    viewers: Vec<Handle>,
    /// Viewers who go back, if there are any: their delay is no delay.
    rewinding: Option<Handle>,
    publishers: Handle,
    interrupt: Pin<Box<dyn Future<Output = io::Result<()>>>>,
    tell: Tell<'a>,
    told_at: Instant,
    phase_began: Instant,
}

impl<'a> Run<'a> {
    async fn go(
        options: &'a Options,
        file: Option<Recorded>,
        tell: Tell<'a>,
    ) -> Result<Report, RunError> {
        let system = |it: io::Error| RunError::System(it.to_string());
        let video = match &file {
            Some(file) => file.sent.video,
            None => Some(options.codec.into()),
        };
        let signaling = Signaling::find(options, video.unwrap_or(options.codec.into())).await?;
        let server_before = sample::server(options)?;
        resources::allow_files(64 + 2 * (options.everybody() + options.rooms) as u64)
            .map_err(RunError::System)?;
        let totals = Arc::new(Totals::default());
        let start = |name: String| Handle::start(&name, Arc::clone(&totals), options.receivers);
        let viewers: io::Result<Vec<Handle>> =
            (0..options.threads).map(|n| start(format!("viewers {n}"))).collect();
        let run = Self {
            options,
            notes: file.as_ref().map(|it| it.notes.clone()).unwrap_or_default(),
            totals: Arc::clone(&totals),
            viewers: viewers.map_err(system)?,
            rewinding: (options.rewinding > 0)
                .then(|| start("rewinding".into()))
                .transpose()
                .map_err(system)?,
            publishers: start("publishers".into()).map_err(system)?,
            interrupt: Box::pin(tokio::signal::ctrl_c()),
            tell,
            told_at: Instant::now(),
            phase_began: Instant::now(),
        };
        let (stage, stages) = watch::channel(Stage::First);
        let epoch = Instant::now();
        let run_id = fastrand::u32(..);
        let joiner = Joiner {
            signaling,
            local_ip: None,
            identity: Identity::generate(),
            rules: Rules {
                epoch,
                run: run_id,
                frame_interval: Duration::from_secs(1) / options.fps,
                loss: options.loss / 100.0,
                any_media: video.is_none(),
            },
            shape: Shape {
                codec: options.codec,
                video_bitrate: options.video_bitrate * 1_000,
                fps: options.fps,
                audio: options.audio,
                run: run_id,
                epoch,
            },
            file,
            transport: options.transport,
            totals,
            stage: stages,
            half: options.duration,
            record: options.record,
        };
        let joiner = Arc::new(joiner.with_local_ip().map_err(system)?);
        let mut tasks = JoinSet::new();
        let result = run.measure(&joiner, server_before, &mut tasks, &stage).await;
        say_goodbye(&stage, &mut tasks).await;
        result
    }

    async fn measure(
        mut self,
        joiner: &Arc<Joiner>,
        server_before: Option<server_process::Usage>,
        tasks: &mut JoinSet<()>,
        stage: &watch::Sender<Stage>,
    ) -> Result<Report, RunError> {
        if let Err(error) = self.publish(joiner, tasks).await {
            self.finish();
            return Err(error);
        }
        let publishing = Sample::take(self.options);
        let mut interrupted =
            self.options.pid.is_some() && !self.wait(PUBLISHERS_ALONE, Phase::Publishing).await;
        let joining = Sample::take(self.options);
        let joins_began = Instant::now();
        interrupted = interrupted || !self.join(joiner, tasks).await;
        let joins_took = joins_began.elapsed().as_secs_f64();
        let totals = Arc::clone(&self.totals);
        interrupted = interrupted || !self.wait(SETTLE, Phase::Joining).await;
        let mut samples = None;
        if !interrupted {
            let mut first = None;
            let mut steady = self.begin_steady();
            interrupted = !self.steady().await;
            if self.options.has_halves() && !interrupted {
                stage.send_replace(Stage::Second);
                first = Some(std::mem::replace(&mut steady, self.begin_steady()));
                interrupted = !self.steady().await;
            }
            let end = Sample::take(self.options);
            samples = Some(Samples { publishing, joining, first, steady, end });
        }
        self.finish();
        let measured: Vec<Measured> = self.viewers.into_iter().map(Handle::join).collect();
        let rewinding = self.rewinding.map(Handle::join);
        let publishers = self.publishers.join();
        say_goodbye(stage, tasks).await;
        let gone = Sample::take(self.options);
        let joins = Joins {
            requested: self.options.everybody() as u64,
            succeeded: totals.joined.load(Ordering::Relaxed),
            failed: totals.failed.load(Ordering::Relaxed),
            seconds: joins_took,
            gone: totals.gone.load(Ordering::Relaxed),
            publishers_lost: totals.publishers_lost.load(Ordering::Relaxed),
            rewound: totals.rewound.load(Ordering::Relaxed),
            recorded: totals.recorded.load(Ordering::Relaxed),
            reasons: totals.reasons(),
        };
        let measurement =
            samples.map(|it| it.measurement(&gone, server_before, &measured, &publishers));
        let crowd = Crowd { live: &measured, rewinding: rewinding.as_ref() };
        let report = Report::new(self.options, interrupted, joins, crowd, measurement.as_ref());
        Ok(report.with_notes(self.notes))
    }

    fn finish(&self) {
        self.viewers.iter().chain(&self.rewinding).for_each(Handle::finish);
        self.publishers.finish();
    }

    /// Connects all publishers; fails if one does not connect.
    async fn publish(
        &mut self,
        joiner: &Arc<Joiner>,
        tasks: &mut JoinSet<()>,
    ) -> Result<(), RunError> {
        for room in 0..self.options.rooms {
            tasks.spawn(Arc::clone(joiner).publish(room, self.publishers.adder()));
        }
        let until = Instant::now() + JOIN_TIMEOUT + Duration::from_secs(5);
        let rooms = self.options.rooms as u64;
        while self.totals.publishing.load(Ordering::Relaxed) < rooms {
            if self.totals.publishers_lost.load(Ordering::Relaxed) > 0 || Instant::now() > until {
                let reasons: Vec<String> = self.totals.reasons().into_keys().collect();
                return Err(RunError::NoPublisher(reasons.join(", ")));
            }
            if !self.wait(POLL, Phase::Publishing).await {
                return Err(RunError::Interrupted);
            }
        }
        Ok(())
    }

    /// Viewers come at their rate. Returns false when interrupted.
    async fn join(&mut self, joiner: &Arc<Joiner>, tasks: &mut JoinSet<()>) -> bool {
        self.phase_began = Instant::now();
        let began = Instant::now();
        let all = self.options.everybody();
        for n in 0..all {
            let due = began + Duration::from_secs_f64(n as f64 / self.options.rate);
            loop {
                let wait = due.saturating_duration_since(Instant::now());
                if wait.is_zero() {
                    break;
                }
                if !self.wait(wait.min(POLL), Phase::Joining).await {
                    return false;
                }
            }
            let goes_back = n >= self.options.viewers;
            let live = self.viewers.get(n % self.viewers.len());
            let worker = if goes_back { self.rewinding.as_ref() } else { live };
            let Some(worker) = worker else { break };
            let room = n % self.options.rooms;
            tasks.spawn(Arc::clone(joiner).watch(room, worker.adder(), goes_back));
            if n % 16 == 15 {
                // Behind its time, the loop above does not wait: others have their turn here.
                tokio::task::yield_now().await;
            }
        }
        while self.totals.settled() < all as u64 {
            if !self.wait(POLL, Phase::Joining).await {
                return false;
            }
        }
        true
    }

    /// The steady phase begins, or the second one.
    fn begin_steady(&self) -> Sample {
        let sample = Sample::take(self.options);
        self.viewers.iter().chain(&self.rewinding).for_each(Handle::steady);
        self.publishers.steady();
        sample
    }

    async fn steady(&mut self) -> bool {
        self.phase_began = Instant::now();
        let until = Instant::now() + self.options.duration;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            if !self.wait(left.min(TELL), Phase::Steady).await {
                return false;
            }
        }
    }

    /// Waits. Returns false when interrupted.
    async fn wait(&mut self, time: Duration, phase: Phase) -> bool {
        if self.told_at.elapsed() >= TELL {
            self.told_at = Instant::now();
            let progress =
                Progress::read(&self.totals, self.options, phase, self.phase_began.elapsed());
            (self.tell)(&progress);
        }
        tokio::select! {
            _ = &mut self.interrupt => false,
            () = tokio::time::sleep(time) => true,
        }
    }
}

/// Closes all sessions. Those that take too long are dropped with the runtime.
async fn say_goodbye(stage: &watch::Sender<Stage>, tasks: &mut JoinSet<()>) {
    stage.send_replace(Stage::Over);
    _ = tokio::time::timeout(GOODBYE, async { while tasks.join_next().await.is_some() {} }).await;
}
