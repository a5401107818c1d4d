//! Sockets that talk in one room: how long a line is under way, whether all come and in order, and what a socket costs.
//!
//! All sockets are pages of the basic profile, since those have no media. Each says one thing, from which on it is told
//! what others say. Then a few of them talk, and every line has the time in it at which it was written.

mod listen;
mod report;

use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use synth::resources;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::{interval, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::error::RunError;
use crate::options::{OptionError, Options, Target};
use crate::server_process::{self, Usage};
use crate::signaling::{self, Endpoint};
use listen::Heard;
pub use report::ChatReport;

/// Messages of one writer a second: the server takes one.
const WRITER_PER_SECOND: f64 = 0.8;

/// How long the last lines may be under way.
const SETTLE: Duration = Duration::from_secs(3);

/// How long a socket may take to open.
const OPEN_WITHIN: Duration = Duration::from_secs(15);

/// Lines that wait for one writer, which takes a moment for each.
const LINES: usize = 64;

/// What is measured.
#[derive(Debug, Clone)]
pub struct ChatOptions {
    /// Kaibo's WebSocket.
    pub url: String,
    /// Sockets in the room.
    pub sockets: usize,
    /// Sockets that open in a second.
    pub rate: f64,
    /// Lines a second.
    pub lines: u32,
    /// How long to talk.
    pub duration: Duration,
    /// The server's process.
    pub pid: Option<u32>,
}

impl ChatOptions {
    fn check(&self) -> Result<Options, OptionError> {
        let range = |holds: bool, option, bounds| {
            if holds { Ok(()) } else { Err(OptionError::OutOfRange { option, bounds }) }
        };
        range((1..=60_000).contains(&self.sockets), "sockets", "from 1 to 60000")?;
        range((1.0..=100_000.0).contains(&self.rate), "rate", "from 1 to 100000 sockets a second")?;
        range((1..=1_000).contains(&self.lines), "lines", "from 1 to 1000 a second")?;
        range(self.writers() <= self.sockets, "lines", "at most 0.8 a second for each socket")?;
        let duration = Duration::from_secs(1)..=Duration::from_secs(86_400);
        range(duration.contains(&self.duration), "duration", "from 1 to 86400 seconds")?;
        let options = Options { target: Target::Ws(self.url.clone()), ..Options::default() };
        options.check()?;
        Ok(options)
    }

    fn writers(&self) -> usize {
        (f64::from(self.lines) / WRITER_PER_SECOND).ceil() as usize
    }
}

/// Talks and measures; `tell` hears how it goes.
///
/// # Errors
/// When nothing could be measured: wrong options, no server.
pub fn run_chat(options: &ChatOptions, tell: &mut dyn FnMut(&str)) -> Result<ChatReport, RunError> {
    let load = options.check()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|it| RunError::System(it.to_string()))?;
    LocalSet::new().block_on(&runtime, go(options, &load, tell))
}

async fn go(
    options: &ChatOptions,
    load: &Options,
    tell: &mut dyn FnMut(&str),
) -> Result<ChatReport, RunError> {
    let endpoint = signaling::find(&options.url, load).await?;
    resources::allow_files(64 + options.sockets as u64).map_err(RunError::System)?;
    let room = format!("bench-{:08x}", fastrand::u32(..));
    let usage =
        || options.pid.map(|pid| server_process::usage(pid).ok_or(RunError::NoProcess(pid)));
    let before = usage().transpose()?;

    let epoch = Instant::now();
    let heard = Rc::new(Heard::new(epoch));
    let mut sockets = JoinSet::new();
    let mut opened = Vec::new();
    let mut failed = 0;
    let mut pace = interval(Duration::from_secs_f64(1.0 / options.rate));
    for n in 0..options.sockets {
        pace.tick().await;
        match timeout(OPEN_WITHIN, open(&endpoint, &room)).await {
            Ok(Ok(socket)) => {
                let (say, lines) = mpsc::channel(LINES);
                sockets.spawn_local(hold(socket, lines, heard.clone()));
                opened.push(say);
            }
            Ok(Err(_)) | Err(_) => failed += 1,
        }
        if n % 100 == 99 {
            tell(&format!("opening    {}/{} sockets", n + 1, options.sockets));
        }
    }
    // All are in, so that few of these lines are shown.
    for (n, say) in opened.iter().enumerate() {
        pace.tick().await;
        _ = say.send("here".to_owned()).await;
        if n % 100 == 99 {
            tell(&format!("greeting   {}/{} sockets", n + 1, opened.len()));
        }
    }
    sleep(SETTLE).await;
    if opened.is_empty() {
        return Err(RunError::System("no socket opened".to_owned()));
    }

    let (server_before, own_before) = (usage().transpose()?, own());
    heard.begin();
    let began = Instant::now();
    let sent = talk(options, &opened, &heard, tell).await;
    let (server_after, own_after) = (usage().transpose()?, own());
    let measured = began.elapsed();
    // What is under way yet is not late, but not there either.
    sleep(SETTLE).await;

    let n_alive = sockets.len();
    drop(opened);
    sockets.abort_all();
    let cpu = |pair: (Option<Usage>, Option<Usage>)| {
        let (before, after) = (pair.0?, pair.1?);
        Some(after.cpu.saturating_sub(before.cpu))
    };
    let rss = match (before, server_after) {
        (Some(before), Some(after)) => Some((after.rss_bytes, before.rss_bytes)),
        _ => None,
    };
    Ok(ChatReport::new(report::Parts {
        sockets: n_alive,
        failed: failed + (options.sockets - failed - n_alive),
        sent,
        measured,
        heard: heard.take(),
        server_cpu: cpu((server_before, server_after)),
        tool_cpu: cpu((own_before, own_after)),
        rss,
    }))
}

/// Lines at even distances, each of the next writer; how many.
async fn talk(
    options: &ChatOptions,
    opened: &[mpsc::Sender<String>],
    heard: &Heard,
    tell: &mut dyn FnMut(&str),
) -> u64 {
    let writers = &opened[..options.writers().min(opened.len())];
    let mut pace = interval(Duration::from_secs(1) / options.lines);
    let (began, mut n) = (Instant::now(), 0_u64);
    while began.elapsed() < options.duration {
        pace.tick().await;
        let writer = &writers[n as usize % writers.len()];
        // A writer that is gone says nothing: its line is missed.
        _ = writer.send(heard.line()).await;
        n += 1;
        if n.is_multiple_of(options.lines.into()) {
            let s = began.elapsed().as_secs();
            tell(&format!("talking    {s}/{} s", options.duration.as_secs()));
        }
    }
    n
}

fn own() -> Option<Usage> {
    server_process::usage(std::process::id())
}

type Socket = WebSocketStream<tokio::net::TcpStream>;

async fn open(endpoint: &Endpoint, room: &str) -> Result<Socket, String> {
    let join = if endpoint.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{join}room={room}", endpoint.url);
    let stream = endpoint.connect().await?;
    let config = WebSocketConfig::default().read_buffer_size(4 * 1_024).write_buffer_size(0);
    let opened = tokio_tungstenite::client_async_with_config(url, stream, Some(config)).await;
    opened.map(|(socket, _)| socket).map_err(|it| it.to_string())
}

/// Listens, and says what it is told to, until the run ends.
async fn hold(mut socket: Socket, mut lines: mpsc::Receiver<String>, heard: Rc<Heard>) {
    let mut last_mid = 0;
    loop {
        tokio::select! {
            line = lines.recv() => {
                let Some(line) = line else { return };
                let text = format!(r#"{{"type":"chat","text":"{line}"}}"#);
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            message = socket.next() => match message {
                Some(Ok(Message::Text(text))) => heard.hear(&text, &mut last_mid),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_as_many_writers_as_the_servers_rate_needs() {
        let options = ChatOptions {
            url: "ws://127.0.0.1:3000/ws".into(),
            sockets: 25,
            rate: 100.0,
            lines: 20,
            duration: Duration::from_secs(1),
            pid: None,
        };
        assert_eq!(options.writers(), 25);
        assert!(options.check().is_ok());
        let few = ChatOptions { sockets: 24, ..options };
        assert!(few.check().unwrap_err().to_string().contains("--lines"));
    }
}
