//! From a POST to a session, and why there is none.
//!
//! The order is the same for both: who calls, whether there is a place, whether it may; only then is the
//! description read.

use std::time::{Duration, Instant, SystemTime};

use auth::{Action, Credential, Secret};
use control::limits::ANSWER_TIMEOUT;
use control::{Door, Join, SessionPlace, sdp_summary};
use protocol::{ErrorCode, IceServer, LiveState, Role, RoomName};
use tokio::sync::mpsc;

use super::member::{self, Member, RoomView};
use super::problem::Problem;
use super::registry::{Entry, Kind, Registry};
use super::session::Session;
use super::{etag, fragment, sdp};
use crate::http::Client;
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
    token: Option<Secret>,
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
}

/// Whether a client may open a session: asked before anything it sends is read.
///
/// # Errors
/// When the server stops, when there is no place, or when the client has no right.
pub(super) fn admit(
    app: &App,
    kind: Kind,
    room: RoomName,
    client: Client,
    token: Option<Secret>,
) -> Result<Admitted, Problem> {
    if app.shutdown.is_triggered() {
        return Err(Problem::draining());
    }
    let now = Instant::now();
    let (action, credential) = rights(kind, token.clone());
    let has_key = credential.key.as_ref().is_some_and(|key| app.auth.is_key(key));
    let place = if has_key {
        app.admission.join_with_key(&client.addr, Door::Http, now)
    } else {
        app.admission.join(&client.addr, Door::Http, now)
    };
    // Asked also when there is no place: where the right key has one, a wrong one is a guess, and counts.
    let right = app.auth.may(&client.addr, action, &room, &credential, now);
    let place = place?;
    right.map_err(|denied| Problem::from(control::Refusal::from(denied)))?;
    Ok(Admitted { kind, room, client, token, place })
}

/// What a session does, and what it shows for that.
fn rights(kind: Kind, token: Option<Secret>) -> (Action, Credential) {
    match kind {
        Kind::Whip => (Action::Publish, Credential { key: token }),
        Kind::Whep => (Action::Watch, Credential::default()),
    }
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
    let Admitted { kind, room, client, token, place } = admitted;
    let sections = check(kind, &offer)?;
    let role = match kind {
        Kind::Whip => Role::Host,
        Kind::Whep => Role::Fan,
    };
    let (sender, inbox) = member::mailbox();
    let id = app.hub.new_client();
    let join = Join {
        addr: client.addr,
        via: client.via,
        room: Some(room.clone()),
        role: Some(role),
        place,
    };
    let (_, credential) = rights(kind, token.clone());
    let joined = app.hub.join(id, join, credential, sender).await?;
    let member = Member::new(app.hub.clone(), id, inbox);
    let view = RoomView::new(joined.room);

    let mut valid_until = None;
    let (remote, local) = match kind {
        Kind::Whip => {
            let answer = member.publish(offer.clone()).await.map_err(taken)?;
            if let Some(refused) = sdp::refused(&sdp::sections(&answer)) {
                let message = format!(
                    "no codec of the offer's {} is one that this server forwards: Opus for sound, VP8, H264, \
                     VP9 or AV1 for the picture",
                    refused.kind
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
            if sdp::can_play(&sections) {
                let answer = member.watch(Some(offer.clone())).await?;
                (offer, answer)
            } else {
                // One second of the time to answer is left for the network.
                let within = ANSWER_TIMEOUT.saturating_sub(Duration::from_secs(1));
                valid_until = Some(SystemTime::now() + within);
                (String::new(), member.watch(None).await?)
            }
        }
    };

    let local = sdp::with_rtcp_mux_only(&local);
    let (requests, receiver) = mpsc::channel(REQUESTS);
    let (session_id, etag) = (Registry::new_id(), etag::new());
    let session = Session {
        id: session_id.clone(),
        kind,
        etag: etag.clone(),
        ufrag: fragment::credentials(&remote).map(|it| it.ufrag),
        is_pending: valid_until.is_some(),
        video_index: sdp::video_index(&sdp::sections(&local)),
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
    Ok(Opened { id: session_id, etag, sdp: local, valid_until, ice_servers })
}

/// What can be said of an offer before the hub is asked.
fn check(kind: Kind, offer: &str) -> Result<Vec<sdp::Section>, Problem> {
    let summary = sdp_summary::inspect(offer);
    let is_asking = kind == Kind::Whep && offer.trim().is_empty();
    if !summary.is_sdp && !is_asking {
        let message = "the body is not a session description: it does not begin with v=0";
        return Err(Problem::new(ErrorCode::SdpBad, message));
    }
    let sections = sdp::sections(offer);
    if kind == Kind::Whip {
        if !summary.has_media {
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
