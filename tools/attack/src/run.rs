//! One run: each attack with others beside it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use synth::client::Clients;
use synth::media::VideoCodec;

use crate::attacker::{Attacker, Gains};
use crate::attacks::{self, REFUSED_AS_WRONG};
use crate::broadcast::Broadcast;
use crate::catalog::{Attack, Kind};
use crate::log_lines::LogLines;
use crate::options::{OptionError, Options};
use crate::others::{Joins, Others, Scene};
use crate::process::{self, Usage, Watch};
use crate::report::{
    AttackReport, AttackerFigures, LogFigures, OtherFigures, Report, ServerFigures, round,
};
use crate::system::{self, Thread};
use crate::target::Target;
use crate::verdict::{self, Evidence, Memory, Verdict};

/// How long others join before an attack, at most.
const BASELINE: Duration = Duration::from_secs(5);
/// How long all may take to be well before an attack.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How long what an attack leaves behind may take to be cleared away before the next.
const SETTLES_WITHIN: Duration = Duration::from_secs(15);
/// How long is waited for that where it cannot be seen.
const SETTLES_UNSEEN: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(250);
/// Descriptors that come and go with others' joins.
const OTHERS_FILES: u64 = 20;
/// Descriptors of the tool itself and of others' joins.
const OWN_FILES: u64 = 1_000;

/// Why a run came to no report.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The options make no sense.
    #[error(transparent)]
    Options(#[from] OptionError),
    /// Nobody answers there.
    #[error("nobody answers at {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// What happened instead.
        reason: String,
    },
    /// The process to be measured is not there, or this system does not tell.
    #[error("the process {0} cannot be looked at")]
    NoProcess(u32),
    /// The log cannot be read.
    #[error("the log cannot be read: {0}")]
    Log(io::Error),
    /// This machine does not give what is needed.
    #[error("{0}")]
    System(String),
}

/// Runs all attacks, one after the other. `tell` hears how it goes.
///
/// # Errors
/// When nothing could be measured: wrong options, no server.
pub fn run(options: &Options, tell: &mut dyn FnMut(&str)) -> Result<Report, RunError> {
    options.check()?;
    let target = Target::find(&options.url)?;
    // A viewer has two: its WebSocket and its media socket.
    let is_of_viewers = |it: &Attack| matches!(it.kind, Kind::Viewers | Kind::TcpViewers);
    let has_viewers = options.attacks.iter().any(is_of_viewers);
    let per_connection = if has_viewers { 2 } else { 1 };
    let files = OWN_FILES + per_connection * options.connections as u64;
    system::allow_files(files).map_err(RunError::System)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|it| RunError::System(it.to_string()))?;
    runtime.block_on(Run::all(options, target, tell))
}

struct Run<'a> {
    options: &'a Options,
    target: Target,
    clients: Clients,
    script: String,
    /// What the server had before the first attack. Memory that one attack needed is there for the next.
    at_start: Option<Usage>,
    /// The name of a room, different in each run.
    id: u16,
}

impl<'a> Run<'a> {
    async fn all(
        options: &'a Options,
        target: Target,
        tell: &mut dyn FnMut(&str),
    ) -> Result<Report, RunError> {
        let unreachable = |reason| RunError::Unreachable { url: options.url.clone(), reason };
        let script = attacks::largest_script(&target).await.map_err(unreachable)?;
        let inspect = |pid| process::inspect(pid).ok_or(RunError::NoProcess(pid));
        let at_start = options.pid.map(inspect).transpose()?;
        let clients = Clients::new(VideoCodec::Vp8);
        let run = Self { options, target, clients, script, at_start, id: fastrand::u16(..) };
        let mut reports = Vec::new();
        for attack in &options.attacks {
            reports.push(run.one(*attack, tell).await?);
        }
        Ok(Report {
            url: options.url.clone(),
            connections: options.connections,
            networks: options.networks,
            seconds: options.duration.as_secs(),
            ok: reports.iter().all(|it| it.verdict == Verdict::Held),
            attacks: reports,
        })
    }

    /// One attack, or the reason why it cannot be tried.
    async fn one(
        &self,
        attack: Attack,
        tell: &mut dyn FnMut(&str),
    ) -> Result<AttackReport, RunError> {
        let not_run = |reason| Ok(AttackReport::not_run(attack, reason));
        let token = self.options.token.as_deref();
        if attack.kind == Kind::Keys && token.is_none() {
            return not_run("it needs --token, the server's publishing key".to_owned());
        }
        if attack.needs_tls && self.target.tls.is_none() {
            return not_run("it needs a server with TLS: --url https://…".to_owned());
        }
        let live_room = format!("attack-{:04x}-{}", self.id, attack.name);
        // Viewers are to be many, and the media of all of them would be a load of its own.
        let is_quiet = attack.kind == Kind::Viewers;
        let room = if is_quiet { format!("{live_room}-quiet") } else { live_room.clone() };
        let live = Broadcast::start(&self.target, &self.clients, &live_room, token).await;
        let broadcast = match live {
            Ok(it) => it,
            Err(reason) => return not_run(format!("nobody could go live before it: {reason}")),
        };
        let key = self.options.token.clone().filter(|_| attack.kind == Kind::Keys);
        let (target, clients) = (self.target.clone(), self.clients.clone());
        let scene = Scene { target, clients, room: room.clone(), live_room, key };
        let others = Others::new(scene).map_err(|it| RunError::System(it.to_string()))?;
        if let Err(reason) = others.get_in(READY_WITHIN).await {
            broadcast.end().await;
            return not_run(format!("others did not get in before it: {reason}"));
        }
        let report = self.measure(attack, room, &others, tell).await;
        broadcast.end().await;
        report
    }

    async fn measure(
        &self,
        attack: Attack,
        room: String,
        others: &Others,
        tell: &mut dyn FnMut(&str),
    ) -> Result<AttackReport, RunError> {
        let options = self.options;
        let log = options.log.as_deref().map(LogLines::open).transpose();
        let mut log = log.map_err(RunError::Log)?;
        let mut lines_since = |began: Instant| {
            let seconds = began.elapsed().as_secs_f64();
            log.as_mut().map(|it| it.count() as f64 / seconds)
        };

        tell(&format!("{}: joins without it", attack.name));
        let began = Instant::now();
        let without = others.join_for(options.duration.min(BASELINE)).await;
        let lines_without = lines_since(began);

        tell(&format!(
            "{}: {} s of it, and joins beside it",
            attack.name,
            options.duration.as_secs()
        ));
        let before = options.pid.and_then(process::inspect);
        let watch = options.pid.map(Watch::start);
        let began = Instant::now();
        let (with, gains, took) = self.beside(attack, room, others).await?;
        let lines_with = lines_since(began);
        let peak = watch.map(|it| it.peak());

        tell(&format!("{}: joins after it", attack.name));
        let back = others.get_in(options.recovery).await;
        let after = self.settle(before).await;

        let guesses: u64 = REFUSED_AS_WRONG.iter().filter_map(|it| gains.answers.get(*it)).sum();
        let is_guessing = attack.kind == Kind::Keys;
        let per_second = guesses as f64 / took.as_secs_f64();
        let log = lines_without.zip(lines_with);
        let evidence = Evidence {
            without,
            with,
            back,
            memory: self.memory(before, peak),
            is_gone: before.is_some() && after.is_none(),
            guesses_per_second: if is_guessing { per_second } else { 0.0 },
            log,
        };
        let reasons = verdict::reasons(&evidence);
        let pairs = evidence.without.iter().zip(&evidence.with);
        Ok(AttackReport {
            name: attack.name,
            what: attack.what,
            verdict: if reasons.is_empty() { Verdict::Held } else { Verdict::Fell },
            reasons,
            attacker: Some(AttackerFigures::new(gains, took)),
            server: before.zip(peak).map(|(it, peak)| ServerFigures::new(it, peak, after)),
            log_lines_per_second: log
                .map(|(without, with)| LogFigures { without: round(without), with: round(with) }),
            others: pairs.map(|(a, b)| (a.kind.name(), OtherFigures::new(a, b))).collect(),
            back_after_s: evidence.back.ok().map(|it| round(it.as_secs_f64())),
        })
    }

    fn memory(&self, before: Option<Usage>, peak: Option<Usage>) -> Option<Memory> {
        let [at_start, before, peak] = [self.at_start?, before?, peak?].map(|it| it.rss_bytes);
        Some(Memory { at_start, before, peak })
    }

    /// Waits until the server has closed what the attack left open, as far as can be seen. Returns what the
    /// server has then.
    async fn settle(&self, before: Option<Usage>) -> Option<Usage> {
        let (Some(pid), Some(before)) = (self.options.pid, before) else {
            tokio::time::sleep(SETTLES_UNSEEN).await;
            return None;
        };
        let began = Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            let now = process::inspect(pid);
            let is_clear = now.is_none_or(|it| it.files <= before.files + OTHERS_FILES);
            if is_clear || began.elapsed() >= SETTLES_WITHIN {
                return now;
            }
        }
    }

    /// Attacks while others join. Returns their joins, what came of the attack, and how long it took.
    async fn beside(
        &self,
        attack: Attack,
        room: String,
        others: &Others,
    ) -> Result<(Vec<Joins>, Gains, Duration), RunError> {
        let options = self.options;
        let me = Attacker::new(
            self.target.clone(),
            self.clients.clone(),
            room,
            self.script.clone(),
            options.networks,
            options.rate.min(attack.max_rate),
        );
        let me = Arc::new(me.map_err(RunError::System)?);
        let thread = Thread::start("attacker", system::be_nice);
        let thread = thread.map_err(|it| RunError::System(it.to_string()))?;
        let began = Instant::now();
        attacks::start(&thread, attack, &me, options.connections);
        let with = others.join_for(options.duration).await;
        let took = began.elapsed();
        let gains = me.gains();
        drop(thread);
        Ok((with, gains, took))
    }
}
