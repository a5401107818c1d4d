//! Publishes a recorded file by WHIP, in real time.
//!
//! ```text
//! record::read ──► Source: when, and in which packets ──► synth::Publisher ──► the server
//!                    record::packetize                      ICE, DTLS, SRTP
//! whip: POST at the begin, DELETE at the end
//! ```
//!
//! | file | what |
//! | --- | --- |
//! | `choice.rs` | which tracks of a file are sent, and what is said of the others |
//! | `recorded.rs` | the same for other tools, which have sessions of their own |
//! | `source.rs` | the frames of a file as packets, each at its time |
//! | `whip.rs` | the session at the server |

mod choice;
mod recorded;
mod source;
mod whip;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use record::read::ReadError;
use synth::client::Draft;

pub use recorded::Recorded;
use source::{Shared, Source};

/// The longest wait for a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(15);

/// After the last frame the connection stays so long, so that what was lost can be sent again.
const LINGER: Duration = Duration::from_millis(500);

/// How often the caller is told how far it is.
const TELL_EVERY: Duration = Duration::from_millis(500);

/// What is played, and where.
#[derive(Clone)]
pub struct Options {
    /// The file.
    pub file: PathBuf,
    /// The WHIP endpoint, `http://` or `https://`.
    pub url: String,
    /// A bearer token that the server wants.
    pub token: Option<String>,
    /// Whether the file begins again at its end.
    pub repeats: bool,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the rest: the token is in it.
        f.debug_struct("Options").field("file", &self.file).finish_non_exhaustive()
    }
}

/// What the caller is told meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Something of the file that is not sent as it is: a sentence without a full stop.
    Note(String),
    /// How much was sent, and how long the file says that it is.
    Played {
        /// Of this and earlier rounds.
        played: Duration,
        /// Of one round.
        length: Option<Duration>,
    },
}

/// Why a file cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// It is no recording, or not there.
    #[error("{}: {error}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// Why it cannot be read.
        error: ReadError,
    },
    /// Nothing in it can be sent.
    #[error("{}: {reason}", file.display())]
    Tracks {
        /// The file.
        file: PathBuf,
        /// Why it cannot be sent.
        reason: String,
    },
    /// It is no URL that can be asked.
    #[error("{0:?} is not a URL; write it as http://localhost:3000/whip/default")]
    Url(String),
    /// Nobody answers.
    #[error("{url} does not answer: {error}")]
    Unreachable {
        /// The URL.
        url: String,
        /// What the system says.
        error: String,
    },
    /// The server does not want it.
    #[error("the server answered {0}")]
    Refused(String),
    /// The server took the offer, but the connection does not come about or ends.
    #[error("{0}")]
    Connection(String),
    /// The system has no socket or thread.
    #[error("{0}")]
    System(String),
}

/// Plays a file to its end. It ends earlier, as well, at Ctrl-C.
///
/// # Errors
/// When the file cannot be read or the server does not take it.
pub fn run(options: &Options, mut tell: impl FnMut(&Progress)) -> Result<(), PlayError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|it| PlayError::System(it.to_string()))?;
    let result = runtime.block_on(play(options, &mut tell));
    // A lookup of a name may still hang.
    runtime.shutdown_background();
    result
}

async fn play(options: &Options, tell: &mut dyn FnMut(&Progress)) -> Result<(), PlayError> {
    let file = &options.file;
    let unreadable = |error| PlayError::File { file: file.clone(), error };
    let (reader, choice) = recorded::open(file)?;
    let (length, sent) = (reader.declared_duration(), choice.sent);
    choice.notes.iter().for_each(|it| tell(&Progress::Note(it.clone())));
    let shared = Arc::new(Shared::default());
    let source = Source::new(file.clone(), reader, choice, options.repeats, shared.clone())
        .map_err(unreadable)?;
    if source.is_reordered() {
        let note = "the picture has B-frames: browsers show it out of order".to_owned();
        tell(&Progress::Note(note));
    }

    let endpoint = whip::Endpoint::parse(&options.url, options.token.as_deref())?;
    let ip = endpoint.local_ip().await?;
    let draft = Draft::of_feed(ip, Box::new(source), sent).map_err(PlayError::System)?;
    let session = endpoint.publish(draft.offer()).await?;
    let mut client = match draft.start(&session.answer) {
        Ok(client) => client,
        Err(error) => {
            endpoint.end(&session).await;
            return Err(PlayError::Connection(error));
        }
    };
    let result = drive(&mut client, &shared, length, tell).await;
    drop(client);
    endpoint.end(&session).await;
    result
}

/// Waits until all was sent, and tells how far it is.
async fn drive(
    client: &mut synth::client::Client,
    shared: &Shared,
    length: Option<Duration>,
    tell: &mut dyn FnMut(&Progress),
) -> Result<(), PlayError> {
    let ended = |client: &synth::client::Client, otherwise: &str| {
        PlayError::Connection(client.state().over.unwrap_or_else(|| otherwise.to_owned()))
    };
    if !client.wait_for(CONNECT_WITHIN, |it| it.is_connected).await {
        return Err(ended(client, "the server cannot be reached over UDP"));
    }
    let mut stop = std::pin::pin!(tokio::signal::ctrl_c());
    loop {
        tell(&Progress::Played { played: shared.played(), length });
        tokio::select! {
            _ = &mut stop => return Ok(()),
            is_over = client.wait_for(TELL_EVERY, |it| it.over.is_some()) => {
                if is_over || client.state().over.is_some() {
                    return Err(ended(client, "the connection ended"));
                }
            }
        }
        if let Some(result) = shared.result() {
            client.wait_for(LINGER, |_| false).await;
            tell(&Progress::Played { played: shared.played(), length });
            return result.map_err(PlayError::Connection);
        }
    }
}
