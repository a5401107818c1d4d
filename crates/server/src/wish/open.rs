//! From a POST to a session, and why there is none.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use protocol::{ClientMessage, ErrorCode, IceServer, LiveState, Pc, Role, RoomName, ServerMessage};
use tokio::sync::mpsc;

use super::registry::{Entry, Token};
use super::talk::{self, News, Talk};
use super::{Kind, Problem, Registry, Session, etag, fragment, sdp};
use crate::driver::Mailbox;
use crate::routes::App;
use crate::signaling::{ANSWER_TIMEOUT, Caller, Door, SocketId, SocketQuery};

/// Requests to one session that wait for their turn: a player has two or three under way.
const REQUESTS: usize = 16;

/// When a player may ask again for a room that is offline, in seconds: hosts come when they come. One
/// that is connecting is there soon.
const RETRY_OFFLINE: u32 = 5;
const RETRY_STARTING: u32 = 1;

/// When another publisher may try for a room that is taken: the one before may be about to be missed.
const RETRY_TAKEN: u32 = 5;

/// What is asked for by a POST.
pub(crate) struct Opening {
    pub(crate) kind: Kind,
    pub(crate) room: RoomName,
    pub(crate) caller: Caller,
    /// The bearer token (RFC 6750).
    pub(crate) token: Option<String>,
    /// The offer.
    pub(crate) offer: String,
}

/// A session that is there now.
pub(crate) struct Opened {
    pub(crate) id: String,
    pub(crate) etag: String,
    /// The answer, or our counter-offer.
    pub(crate) sdp: String,
    /// It is a counter-offer, and until when it holds.
    pub(crate) valid_until: Option<SystemTime>,
    pub(crate) ice_servers: Vec<IceServer>,
}

/// Opens a session. It goes on when the caller is gone: then nothing connects, and it ends by itself.
///
/// # Errors
/// Why there is none.
pub(crate) async fn open(app: App, opening: Opening) -> Result<Opened, Problem> {
    let task = tokio::spawn(async move { try_open(&app, opening).await });
    task.await.unwrap_or_else(|_| {
        Err(Problem::new(ErrorCode::Internal, "the session could not be opened"))
    })
}

async fn try_open(app: &App, opening: Opening) -> Result<Opened, Problem> {
    let Opening { kind, room, caller, token, offer } = opening;
    if app.shutdown.is_triggered() {
        return Err(Problem::draining());
    }
    if !app.sessions.may_open(caller, Instant::now()) {
        let message = "too many sessions opened by this address in a short time";
        return Err(Problem::new(ErrorCode::RateLimited, message).retry_after(1));
    }
    let sections = check(kind, &offer)?;
    let counted = app.sockets.admit(caller).ok_or_else(|| {
        let message = "too many sessions and sockets of this address";
        Problem::new(ErrorCode::RateLimited, message).retry_after(10)
    })?;
    let socket = SocketId(app.next_socket.fetch_add(1, Ordering::Relaxed));
    let (sender, inbox) = talk::mailbox();
    let role = match kind {
        Kind::Whip => Role::Host,
        Kind::Whep => Role::Fan,
    };
    let query = SocketQuery {
        door: Door::Http,
        role: Some(role),
        room: Some(room.clone()),
        key: token.clone().filter(|_| kind == Kind::Whip),
    };
    app.hub.open(socket, caller, query, Mailbox::Session(sender)).await;
    let mut talk = Talk::new(app.hub.clone(), socket, inbox);
    let mut news = News::default();
    let welcome = talk.welcome(&mut news).await?;
    let ServerMessage::Welcome { ice_servers, room: state, .. } = welcome else {
        return Err(Problem::draining());
    };
    news.room = Some(state);

    let mut valid_until = None;
    let (remote, local) = match kind {
        Kind::Whip => {
            // Remembered until there is somebody to put on air.
            talk.say(ClientMessage::Golive {}).await;
            let answer = talk.offer(Pc::Pub, offer.clone(), &mut news).await;
            let answer = answer.map_err(taken)?;
            if let Some(refused) = sdp::refused(&sdp::sections(&answer)) {
                let message = format!(
                    "no codec of the offer's {} is one that this server forwards: Opus for sound, \
                     VP8, H264, VP9 or AV1 for the picture",
                    refused.kind
                );
                talk.end().await;
                return Err(Problem::new(ErrorCode::CodecUnsupported, message));
            }
            (offer, answer)
        }
        Kind::Whep => {
            let live = news.room.as_ref().map(|room| room.live);
            if !matches!(live, Some(LiveState::Live | LiveState::Interrupted)) {
                let message = "nobody is live in this room";
                talk.end().await;
                let is_starting = live == Some(LiveState::Starting);
                let seconds = if is_starting { RETRY_STARTING } else { RETRY_OFFLINE };
                return Err(Problem::new(ErrorCode::RoomOffline, message).retry_after(seconds));
            }
            if sdp::can_play(&sections) {
                let answer = talk.offer(Pc::Sub, offer.clone(), &mut news).await?;
                (offer, answer)
            } else {
                // A second of the time to answer is on the way.
                let within = ANSWER_TIMEOUT.saturating_sub(Duration::from_secs(1));
                valid_until = Some(SystemTime::now() + within);
                (String::new(), talk.ask_for_offer(&mut news).await?)
            }
        }
    };

    let local = sdp::with_rtcp_mux_only(&local);
    let (requests, receiver) = mpsc::channel(REQUESTS);
    let (id, etag) = (Registry::new_id(), etag::new());
    let session = Session {
        id: id.clone(),
        kind,
        etag: etag.clone(),
        ufrag: fragment::credentials(&remote).map(|it| it.ufrag),
        is_pending: valid_until.is_some(),
        video_index: sdp::video_index(&sdp::sections(&local)),
        remote,
        was_active: matches!(&news.room, Some(room) if room.live == LiveState::Live),
        news,
        talk,
        streams: Vec::new(),
        told_layers: None,
        told_viewers: None,
    };
    tracing::info!(%room, protocol = kind.as_str(), session = %socket, "session opened by HTTP");
    let token = token.map(|token| Token(token.into()));
    app.sessions.add(id.clone(), Entry { kind, room, token, requests });
    let (registry, alive) = (app.sessions.clone(), app.alive.clone());
    tokio::spawn(async move {
        session.run(receiver, &registry).await;
        drop((counted, alive));
    });
    Ok(Opened { id, etag, sdp: local, valid_until, ice_servers })
}

/// What can be said of an offer before anybody is asked.
fn check(kind: Kind, offer: &str) -> Result<Vec<sdp::Section>, Problem> {
    let glance = crate::signaling::sdp::glance(offer);
    let is_asking = kind == Kind::Whep && offer.trim().is_empty();
    if !glance.is_sdp && !is_asking {
        let message = "the body is not a session description: it does not begin with v=0";
        return Err(Problem::new(ErrorCode::SdpBad, message));
    }
    let sections = sdp::sections(offer);
    if kind == Kind::Whip {
        if !glance.has_media {
            let message = "the offer has no audio or video";
            return Err(Problem::new(ErrorCode::SdpNoMedia, message));
        }
        sdp::check_publish(&sections)
            .map_err(|message| Problem::new(ErrorCode::SdpNoMedia, message))?;
    }
    Ok(sections)
}

fn taken(mut problem: Problem) -> Problem {
    if problem.code == ErrorCode::HostTaken {
        problem.retry_after.get_or_insert(RETRY_TAKEN);
    }
    problem
}
