//! From a POST to a session, and why there is none.
//!
//! The order is the same for both: who calls, whether there is a place, whether it may; only then is the
//! description read.

use std::time::{Duration, Instant, SystemTime};

use auth::{Action, Credential, Secret};
use axum::http::HeaderValue;
use control::limits::ANSWER_TIMEOUT;
use control::sdp_summary::SdpSummary;
use control::{Door, Join, Refusal, SessionPlace};
use protocol::{ErrorCode, IceServer, LiveState, Role, RoomName};
use sdp::Description;
use tokio::sync::mpsc;

use super::member::{self, Member, RoomView};
use super::registry::{Entry, Kind, Registry};
use super::session::Session;
use super::{description, etag, left_out};
use crate::access::Wish;
use crate::driver::Watching;
use crate::http::{Bearer, Client};
use crate::problem::Problem;
use crate::state::App;

/// Requests to one session that wait for their turn: a player has two or three under way.
const REQUESTS: usize = 16;

/// When a player may ask again for a room that is offline, in seconds: hosts come when they come. One that is
/// connecting is there soon.
const RETRY_OFFLINE: u32 = 5;
const RETRY_STARTING: u32 = 1;

/// When another publisher may try for a room that is taken: the one before may be about to be missed.
const RETRY_TAKEN: u32 = 5;

/// A client that may open a session, and has a place for it.
#[derive(Debug)]
pub(super) struct Admitted {
    kind: Kind,
    room: RoomName,
    client: Client,
    credential: Credential,
    place: SessionPlace,
}

/// A session that is there now.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) id: String,
    pub(super) etag: String,
    /// The answer, or our counter-offer.
    pub(super) sdp: String,
    /// It is a counter-offer, and until when it holds.
    pub(super) valid_until: Option<SystemTime>,
    pub(super) ice_servers: Vec<IceServer>,
    /// What of the broadcast a player is not sent, as the header has it.
    pub(super) left_out: Option<HeaderValue>,
}

/// Whether a client may open a session: asked before anything it sends is read.
///
/// # Errors
/// When the server stops, when there is no place, or when the client has no right.
pub(super) async fn admit(
    app: &App,
    kind: Kind,
    room: RoomName,
    client: Client,
    bearer: &Bearer,
    query: &str,
) -> Result<Admitted, Problem> {
    if app.shutdown.is_triggered() {
        return Err(Problem::draining());
    }
    let now = Instant::now();
    let action = match kind {
        Kind::Whip => Action::Publish,
        Kind::Whep => Action::Watch,
    };
    let key = bearer.secret.clone();
    let has_key = key.as_ref().is_some_and(|key| app.auth.is_key_of(&room, key));
    let place = if has_key {
        app.admission.join_with_key(&client.addr, Door::Http, now)
    } else {
        app.admission.join(&client.addr, Door::Http, now)
    };
    let shown = if place.is_ok() {
        let (client, room, text) = (&client.addr, &room, bearer.text.as_deref());
        app.access.learn(Wish { client, action, room, text, query }).await.shown
    } else {
        None
    };
    // Nobody says who a program is: each session is a person of its own.
    let person = Some(Secret::new(format!("{:032x}", rand::random::<u128>())));
    let credential = Credential { key, person, shown };
    // Asked also when there is no place: where the right key has one, a wrong one is a guess, and counts.
    let right = app.auth.may(&client.addr, action, &room, &credential, now);
    let place = place?;
    right.map_err(|denied| Problem::from(Refusal::from(denied)))?;
    Ok(Admitted { kind, room, client, credential, place })
}

/// Logs that a session was refused. Players ask again and again for a room that is offline: that is not logged.
pub(super) fn log_refused(kind: Kind, room: Option<&RoomName>, client: &Client, problem: &Problem) {
    if matches!(problem.code, ErrorCode::RoomOffline | ErrorCode::Draining) {
        return;
    }
    let (room, door, ip) = (room.map(tracing::field::display), kind.as_str(), client.addr.ip);
    let code = problem.code.as_str();
    match kind {
        Kind::Whip => tracing::info!(room, door, %ip, code, "publisher refused"),
        Kind::Whep => tracing::info!(room, door, %ip, code, "viewer refused"),
    }
}

/// Opens a session. It goes on when the caller is gone: then nothing connects, and it ends by itself.
///
/// # Errors
/// Why there is none.
pub(super) async fn open(app: App, admitted: Admitted, offer: String) -> Result<Opened, Problem> {
    let task = tokio::spawn(async move { try_open(&app, admitted, offer).await });
    task.await.unwrap_or_else(|_| {
        Err(Problem::new(ErrorCode::Internal, "the session could not be opened"))
    })
}

async fn try_open(app: &App, admitted: Admitted, offer: String) -> Result<Opened, Problem> {
    let Admitted { kind, room, client, credential, place } = admitted;
    let token = credential.key.clone();
    let can_play = check(kind, &offer)?;
    let ip = client.addr.ip;
    let role = match kind {
        Kind::Whip => Role::Host,
        Kind::Whep => Role::Fan,
    };
    let (sender, inbox) = member::mailbox();
    let id = app.hub.new_client();
    let join = Join {
        addr: client.addr,
        via: client.via,
        turn: app.turn_for(client.tls_host.as_deref()),
        room: Some(room.clone()),
        role: Some(role),
        wants_stage: false,
        // It is in what it shows.
        shown: None,
        place,
    };
    let joined = app.hub.join(id, join, credential, sender).await?;
    let member = Member::new(app.hub.clone(), id, inbox);
    let view = RoomView::new(joined.room);

    let (mut valid_until, mut left_out) = (None, None);
    let (remote, local) = match kind {
        Kind::Whip => {
            let answer = member.publish(offer.clone()).await.map_err(taken)?;
            if let Some(kind) = refused_kind(&offer, &answer) {
                let message = format!(
                    "no codec of the offer's {kind} is one that this server forwards: Opus for sound, VP8, H264, \
                     VP9 or AV1 for the picture"
                );
                member.leave().await;
                return Err(Problem::new(ErrorCode::CodecUnsupported, message));
            }
            (offer, answer)
        }
        Kind::Whep => {
            let live = view.room.live;
            if !matches!(live, LiveState::Live | LiveState::Interrupted) {
                member.leave().await;
                let is_starting = live == LiveState::Starting;
                let seconds = if is_starting { RETRY_STARTING } else { RETRY_OFFLINE };
                let problem = Problem::new(ErrorCode::RoomOffline, "nobody is live in this room");
                return Err(problem.retry_after(seconds));
            }
            if can_play {
                let Watching { answer, left_out: codecs } = member.watch(offer.clone()).await?;
                left_out = read_by(&offer, |it| left_out::value(&codecs, it));
                if let Some(left_out) = left_out.as_ref().and_then(|it| it.to_str().ok()) {
                    tracing::info!(%room, door = "whep", %ip, left_out, "viewer takes a part only");
                }
                (offer, answer)
            } else {
                // One second of the time to answer is left for the network.
                let within = ANSWER_TIMEOUT.saturating_sub(Duration::from_secs(1));
                valid_until = Some(SystemTime::now() + within);
                (String::new(), member.counter_offer().await?)
            }
        }
    };

    let local = description::with_rtcp_mux_only(&local);
    let (requests, receiver) = mpsc::channel(REQUESTS);
    let (session_id, etag) = (Registry::new_id(), etag::new());
    let session = Session {
        id: session_id.clone(),
        kind,
        etag: etag.clone(),
        ufrag: read_by(&remote, description::ufrag),
        is_pending: valid_until.is_some(),
        video_index: read_by(&local, description::video_index),
        remote,
        was_active: view.room.live == LiveState::Live,
        view,
        member,
        streams: Vec::new(),
        told_layers: None,
        told_viewers: None,
    };
    tracing::debug!(%room, protocol = kind.as_str(), client = %id, "session opened");
    app.sessions.add(session_id.clone(), Entry { kind, room, token, requests });
    let (registry, alive) = (app.sessions.clone(), app.alive.clone());
    tokio::spawn(async move {
        session.run(receiver, &registry).await;
        drop(alive);
    });
    let ice_servers = joined.ice_servers;
    Ok(Opened { id: session_id, etag, sdp: local, valid_until, ice_servers, left_out })
}

/// What can be said of an offer before the hub is asked. Returns whether it lets us send anything; a player that asks for
/// an offer of ours sends none.
fn check(kind: Kind, offer: &str) -> Result<bool, Problem> {
    if kind == Kind::Whep && offer.trim().is_empty() {
        return Ok(false);
    }
    let offer = Description::parse(offer).map_err(Refusal::from)?;
    if kind == Kind::Whip {
        if !SdpSummary::of(&offer).has_media {
            let message = "the offer has no audio or video";
            return Err(Problem::new(ErrorCode::SdpNoMedia, message));
        }
        description::check_publish(&offer)
            .map_err(|message| Problem::new(ErrorCode::SdpNoMedia, message))?;
    }
    Ok(description::can_play(&offer))
}

/// The kind of the first media description that would send and that an answer refuses.
fn refused_kind(offer: &str, answer: &str) -> Option<String> {
    read_by(offer, |offer| {
        read_by(answer, |answer| description::refused(offer, answer).map(|it| it.kind.to_owned()))
    })
}

/// What a description says, if there is one.
fn read_by<T>(text: &str, read: impl Fn(&Description<'_>) -> Option<T>) -> Option<T> {
    Description::parse(text).ok().and_then(|it| read(&it))
}

fn taken(mut problem: Problem) -> Problem {
    if problem.code == ErrorCode::HostTaken {
        problem.retry_after.get_or_insert(RETRY_TAKEN);
    }
    problem
}
