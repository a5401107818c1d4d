//! A server of WHIP and WHEP, for one room, that does all that the documents ask for. It can be told
//! one thing to do wrong.

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

mod events;
mod media;
mod sdp;

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, oneshot};

use check::Protocol;
use events::{Body, Events};
use media::{Command, Faults, Handle, Packet};

pub(crate) const TOKEN: &str = "toy-token-51c1";
const SDP: &str = "application/sdp";
const FRAGMENT: &str = "application/trickle-ice-sdpfrag";
const ICE_SERVER: &str =
    "<turn:turn.example>; rel=\"ice-server\"; username=\"u\"; credential=\"hush\"";

type Response = hyper::Response<Body>;

/// A running server; it ends with the test's runtime.
pub(crate) struct Toy {
    fault: &'static str,
    /// What the fault is of: the other one does everything right.
    of: Protocol,
    at: String,
    bus: broadcast::Sender<Packet>,
    sessions: Mutex<HashMap<String, Session>>,
    events: Events,
    /// The session that publishes.
    live: Mutex<Option<String>>,
    random: Mutex<u64>,
}

struct Session {
    peer: Handle,
    is_whip: bool,
    /// What the client said of itself last.
    ours: String,
    theirs: String,
    n_restarts: u32,
    /// Until the client answered our offer.
    is_pending: bool,
    streams: Vec<String>,
}

/// A request that was read.
struct Ask {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: String,
}

impl Ask {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn is_type(&self, kind: &str) -> bool {
        self.header("content-type").is_some_and(|it| it.split(';').next() == Some(kind))
    }
}

fn respond(status: u16) -> hyper::http::response::Builder {
    hyper::Response::builder().status(status)
}

fn empty(status: u16) -> Response {
    respond(status).body(Body::default()).unwrap()
}

impl Toy {
    /// Starts one that does a thing wrong: one of the names in the code, or "".
    pub(crate) async fn start(of: Protocol, fault: &'static str) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let toy = Arc::new(Self {
            fault,
            of,
            at: format!("http://{}", listener.local_addr().unwrap()),
            bus: broadcast::channel(1_000).0,
            sessions: Mutex::default(),
            events: Events::new(fault),
            live: Mutex::default(),
            random: Mutex::new(0x9E37_79B9_7F4A_7C15),
        });
        tokio::spawn(accept(listener, Arc::clone(&toy)));
        toy
    }

    pub(crate) fn whip(&self) -> String {
        let path = self.or("moved-307", "whip", "moved");
        format!("{}/{path}", self.at)
    }

    pub(crate) fn whep(&self) -> String {
        format!("{}/whep", self.at)
    }

    pub(crate) fn n_sessions(&self) -> usize {
        self.sessions.lock().unwrap().len()
    }

    fn has(&self, fault: &str) -> bool {
        self.fault == fault
    }

    /// What is answered, or with the fault something else.
    fn or<T>(&self, fault: &str, right: T, wrong: T) -> T {
        if self.has(fault) { wrong } else { right }
    }

    async fn handle(self: Arc<Self>, request: Request<Incoming>) -> Response {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|it| it.to_bytes()).unwrap_or_default();
        let body = match String::from_utf8(body.to_vec()) {
            Ok(it) => it,
            Err(_) => "\0".into(),
        };
        let path = parts.uri.path().to_owned();
        let ask = Ask { method: parts.method, path, headers: parts.headers, body };
        let mut response = self.route(&ask).await;
        let headers = response.headers_mut();
        headers.insert("access-control-allow-origin", "*".parse().unwrap());
        headers.insert("access-control-expose-headers", "location, etag, link".parse().unwrap());
        response
    }

    async fn route(self: &Arc<Self>, ask: &Ask) -> Response {
        let parts: Vec<&str> = ask.path.split('/').skip(1).collect();
        let is_endpoint = matches!(parts[..], ["whip" | "whep" | "moved"]);
        if ask.method == Method::OPTIONS {
            return self.options(ask);
        }
        if let Some(refused) = self.authorize(ask) {
            return refused;
        }
        match (&ask.method, &parts[..]) {
            (&Method::POST, ["moved"]) => {
                respond(307).header("location", "/whip").body(Body::default()).unwrap()
            }
            (&Method::GET, _) if is_endpoint => {
                let body = self.or("get-endpoint", "", "hello");
                respond(200).header("content-type", SDP).body(body.into()).unwrap()
            }
            (&Method::HEAD, _) if is_endpoint => {
                let status = self.or("head", 200, 405);
                let kind = self.or("head-type", SDP, "text/html");
                respond(status).header("content-type", kind).body(Body::default()).unwrap()
            }
            (&Method::POST, [kind @ ("whip" | "whep")]) => self.post(ask, *kind == "whip").await,
            (_, ["session", id]) => self.session(ask, id).await,
            (&Method::POST, ["session", id, "sse"]) => self.subscribe(ask, id),
            (&Method::POST, ["session", _, "layer"]) => empty(self.or("layer-reset", 200, 404)),
            (_, ["events", id]) => self.events.stream(&ask.method, id),
            _ => empty(404),
        }
    }

    fn options(&self, ask: &Ask) -> Response {
        if self.has("preflight-token") && ask.header("authorization").is_none() {
            return empty(401);
        }
        let is_preflight = ask.header("access-control-request-method").is_some();
        let mut response = respond(200);
        if !self.has("accept-post") {
            response = response.header("accept-post", SDP);
        }
        if !self.has("preflight") {
            response = response
                .header("access-control-allow-methods", "POST, PATCH, DELETE")
                .header("access-control-allow-headers", "Authorization, Content-Type, If-Match");
        }
        if self.has("preflight-ice") && is_preflight {
            response = response.header("link", ICE_SERVER);
        }
        response.body(Body::default()).unwrap()
    }

    fn authorize(&self, ask: &Ask) -> Option<Response> {
        let session = ask.path.strip_prefix("/session/");
        let is_session = session.is_some();
        match ask.header("authorization") {
            Some(it) if it == format!("Bearer {TOKEN}") => return None,
            Some(_) if self.has("token-wrong") => return None,
            Some(_) => {}
            None if self.has("token-missing") && !is_session => return Some(empty(404)),
            None if self.has("token-session") && is_session => {
                self.sessions.lock().unwrap().remove(session.unwrap_or_default());
            }
            None => {}
        }
        let mut response = respond(401);
        if !self.has("token-challenge") {
            response = response.header("www-authenticate", "Bearer realm=\"toy\"");
        }
        Some(response.body(Body::default()).unwrap())
    }

    /// An offer.
    async fn post(&self, ask: &Ask, is_whip: bool) -> Response {
        if !ask.is_type(SDP) && !self.has("wrong-type") {
            return empty(415);
        }
        if ask.body.len() > 64 * 1_024 {
            return empty(self.or("huge", 413, 500));
        }
        match sdp::check(&ask.body) {
            Ok(()) => {}
            Err(sdp::Fault::Malformed) => return empty(self.or("malformed", 400, 500)),
            Err(sdp::Fault::Truncated) => return empty(self.or("truncated", 400, 500)),
        }
        let n_videos = ask.body.matches("\nm=video").count();
        if is_whip && n_videos > 1 {
            return empty(self.or("too-many-tracks", 422, 415));
        }
        if is_whip && ask.body.contains("X-NO-SUCH-CODEC") && !self.has("partial") {
            return empty(422);
        }
        if ask.body.contains("a=setup:active") && self.has("moved-301") {
            return respond(301).header("location", "/whip").body(Body::default()).unwrap();
        }
        if ask.body.contains("a=setup:active") && self.has("setup-active") {
            return empty(500);
        }
        if !is_whip && self.live.lock().unwrap().is_none() {
            if self.has("moved-301") {
                return respond(301).header("location", "/whip").body(Body::default()).unwrap();
            }
            let response = respond(self.or("offline", 409, 404));
            let response = match self.fault {
                "offline-retry" => response,
                _ => response.header("retry-after", "1"),
            };
            return response.body(Body::default()).unwrap();
        }
        if !is_whip && ask.body.contains("X-NO-SUCH-CODEC") {
            return self.counter_offer().await;
        }
        self.create(ask, is_whip).await
    }

    async fn create(&self, ask: &Ask, is_whip: bool) -> Response {
        let is_tested = is_whip == (self.of == Protocol::Whip);
        let fault = if is_tested { self.fault } else { "" };
        let has = |it: &str| fault == it;
        let faults = Faults { no_rtcp: has("rtcp"), no_rtp: has("no-media") && !is_whip };
        let Ok((peer, answer)) = media::answer(&ask.body, &self.bus, faults).await else {
            return empty(400);
        };
        let answer = dress(fault, &answer, is_whip);
        let id = self.id();
        let session = Session {
            peer,
            is_whip,
            ours: ask.body.clone(),
            theirs: answer.clone(),
            n_restarts: 0,
            is_pending: false,
            streams: Vec::new(),
        };
        self.sessions.lock().unwrap().insert(id.clone(), session);
        if is_whip {
            *self.live.lock().unwrap() = Some(id.clone());
            self.events.tell("active", "{}");
        } else {
            let n = self.sessions.lock().unwrap().values().filter(|it| !it.is_whip).count();
            self.events.tell("viewercount", &self.events.viewers(n));
        }
        let mut response = respond(if has("created") { 200 } else { 201 });
        if !has("created-type") {
            response = response.header("content-type", SDP);
        }
        if !has("location") {
            response = response.header("location", format!("/session/{id}"));
        }
        match fault {
            "etag" => {}
            "etag-weak" => response = response.header("etag", "W/\"0\""),
            _ => response = response.header("etag", "\"0\""),
        }
        let bare = "<turn:turn.example>; rel=\"ice-server\"";
        let server = if has("ice-server") { bare } else { ICE_SERVER };
        response = response.header("link", server);
        if has("links") {
            response = response.header("link", "</x> rel=\"x\"");
        }
        if !is_whip {
            let all = "active,inactive,layers,viewercount";
            let events = if has("layer-events") { "active,inactive" } else { all };
            let rel = "urn:ietf:params:whep:ext:core";
            let sse = format!(
                "</session/{id}/sse>; rel=\"{rel}:server-sent-events\"; events=\"{events}\""
            );
            let layer = format!("</session/{id}/layer>; rel=\"{rel}:layer\"");
            response = response.header("link", sse).header("link", layer);
        }
        response.body(answer.into()).unwrap()
    }

    async fn counter_offer(&self) -> Response {
        let (peer, offer) = media::offer(&self.bus).await;
        let mut offer = sdp::dress(&offer);
        match self.fault {
            "counter-direction" => offer = offer.replace("a=sendonly", "a=sendrecv"),
            "counter-receiving" => offer = offer.replace("a=sendonly", "a=inactive"),
            "counter-offer" => offer = "sorry".into(),
            _ => {}
        }
        let id = self.id();
        let session = Session {
            peer,
            is_whip: false,
            ours: String::new(),
            theirs: offer.clone(),
            n_restarts: 0,
            is_pending: true,
            streams: Vec::new(),
        };
        self.sessions.lock().unwrap().insert(id.clone(), session);
        let until = self.or("counter-valid-until", "Mon, 09 Oct 2124 10:00:00 GMT", "tomorrow");
        let mut response =
            respond(406).header("content-type", format!("{SDP}; valid-until=\"{until}\""));
        if !self.has("counter-location") {
            response = response.header("location", format!("/session/{id}"));
        }
        response.body(offer.into()).unwrap()
    }

    async fn session(self: &Arc<Self>, ask: &Ask, id: &str) -> Response {
        if !self.sessions.lock().unwrap().contains_key(id) {
            return empty(self.or("gone", 404, 200));
        }
        match ask.method {
            Method::GET => respond(200).body(self.or("get-session", "", "hello").into()).unwrap(),
            Method::PATCH if ask.is_type(SDP) => self.answered(ask, id).await,
            Method::PATCH => self.patch(ask, id).await,
            Method::DELETE => {
                if self.has("delete-tag") && ask.header("if-match").is_some() {
                    return empty(412);
                }
                self.delete(id);
                empty(self.or("delete-status", 200, 204))
            }
            _ => empty(405),
        }
    }

    fn delete(&self, id: &str) {
        let Some(session) = self.sessions.lock().unwrap().remove(id) else { return };
        if self.has("media-ends") {
            // Kept by somebody for ever.
            std::mem::forget(session.peer.clone());
        } else {
            _ = session.peer.send(Command::Close);
        }
        if !self.has("events-end") {
            session.streams.iter().for_each(|it| self.events.remove(it));
        }
        let mut live = self.live.lock().unwrap();
        if live.as_deref() == Some(id) {
            *live = None;
            self.events.tell("inactive", "{}");
        }
    }

    /// The answer to our offer.
    async fn answered(&self, ask: &Ask, id: &str) -> Response {
        let (reply, accepted) = oneshot::channel();
        {
            let mut sessions = self.sessions.lock().unwrap();
            let Some(session) = sessions.get_mut(id).filter(|it| it.is_pending) else {
                return empty(422);
            };
            if sdp::check(&ask.body).is_err() {
                return empty(self.or("counter-malformed", 400, 200));
            }
            session.is_pending = false;
            _ = session.peer.send(Command::Answer(ask.body.clone(), reply));
        }
        let accepted = accepted.await.unwrap_or(false);
        empty(if accepted { self.or("counter-answer", 204, 200) } else { 400 })
    }

    async fn patch(&self, ask: &Ask, id: &str) -> Response {
        if !ask.is_type(FRAGMENT) && !self.has("patch-type") {
            return empty(415);
        }
        let n = self.sessions.lock().unwrap()[id].n_restarts;
        let held = self.tag(n);
        match ask.header("if-match") {
            None if self.has("patch-without-tag") || self.has("etag") => {}
            None => return empty(428),
            Some("*") => {}
            Some(it) if it == held => {}
            Some("\"0\"") if self.has("restart-old-tag") => {}
            Some("\"kaibo-check-no-such-tag\"") if self.has("patch-stale-tag") => {}
            Some(_) => return empty(412),
        }
        let Some(fragment) = sdp::Fragment::parse(&ask.body) else {
            return empty(self.or("patch-malformed", 400, 204));
        };
        let ours = self.sessions.lock().unwrap()[id].ours.clone();
        if fragment.is_of(&ours) {
            if self.has("bogus") && fragment.is_bogus {
                return empty(400);
            }
            return self.trickled();
        }
        if fragment.ufrag.len() < 4 || fragment.pwd.len() < 22 {
            if self.has("restart-fails-hard") {
                self.delete(id);
            }
            return empty(self.or("restart-fails", 400, 204));
        }
        if self.has("only-trickle-405") {
            return empty(405);
        }
        self.restart(id, &fragment).await
    }

    fn trickled(&self) -> Response {
        let response = respond(self.or("trickle", 204, 200));
        match self.fault {
            "trickle-etag" => response.header("etag", "\"0\""),
            _ => response,
        }
        .body(Body::default())
        .unwrap()
    }

    async fn restart(&self, id: &str, fragment: &sdp::Fragment) -> Response {
        let (reply, answer) = oneshot::channel();
        let theirs = {
            let mut sessions = self.sessions.lock().unwrap();
            let session = sessions.get_mut(id).unwrap();
            session.ours = fragment.put_into(&session.ours);
            session.n_restarts += 1;
            if self.has("restart-media") {
                _ = reply.send(
                    session
                        .theirs
                        .replace("a=ice-ufrag:", "a=ice-ufrag:not")
                        .replace("a=ice-pwd:", "a=ice-pwd:not"),
                );
            } else {
                _ = session.peer.send(Command::Restart(session.ours.clone(), reply));
            }
            session.theirs.clone()
        };
        let answer = answer.await.unwrap();
        let of = if self.has("restart-answer") { &theirs } else { &answer };
        let mut body = sdp::fragment(of);
        if self.has("restart-attributes") {
            body = sdp::without(&body, "a=ice-lite");
        }
        let n = self.sessions.lock().unwrap()[id].n_restarts;
        let kind = self.or("restart-type", FRAGMENT, "text/plain");
        let mut response = respond(200).header("content-type", kind);
        if !self.has("restart-etag") {
            response = response.header("etag", self.tag(n));
        }
        response.body(body.into()).unwrap()
    }

    fn tag(&self, n_restarts: u32) -> String {
        match self.fault {
            "etag-weak" if n_restarts == 0 => "W/\"0\"".into(),
            "restart-same-tag" => "\"0\"".into(),
            _ => format!("\"{n_restarts}\""),
        }
    }

    fn subscribe(&self, ask: &Ask, id: &str) -> Response {
        if !self.sessions.lock().unwrap().contains_key(id) {
            return empty(404);
        }
        let Ok(names) = serde_json::from_str::<Vec<String>>(&ask.body) else { return empty(400) };
        let known = |it: &String| matches!(&**it, "active" | "inactive" | "layers" | "viewercount");
        if !names.iter().all(known) {
            return empty(self.or("events-unsupported", 400, 404));
        }
        let stream = self.id();
        self.events.open(&stream, names, self.live.lock().unwrap().is_some());
        let mut sessions = self.sessions.lock().unwrap();
        sessions.get_mut(id).unwrap().streams.push(stream.clone());
        let response = respond(self.or("events-created", 201, 200));
        match self.fault {
            "events-location" => response,
            _ => response.header("location", format!("/events/{stream}")),
        }
        .body(Body::default())
        .unwrap()
    }

    /// Not of a kind for real servers: a test has to be the same each time.
    fn id(&self) -> String {
        let mut random = self.random.lock().unwrap();
        if self.has("guessable") {
            *random += 1;
            return format!("{random:032}");
        }
        let mut next = || {
            *random ^= *random << 13;
            *random ^= *random >> 7;
            *random ^= *random << 17;
            *random
        };
        format!("{:016x}{:016x}", next(), next())
    }
}

async fn accept(listener: TcpListener, toy: Arc<Toy>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let toy = Arc::clone(&toy);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let toy = Arc::clone(&toy);
                async { Ok::<_, Infallible>(toy.handle(request).await) }
            });
            let http = hyper::server::conn::http1::Builder::new();
            _ = http.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// An answer as the documents want it, or not quite.
fn dress(fault: &str, answer: &str, is_whip: bool) -> String {
    let answer = sdp::dress(answer);
    let right = if is_whip { "a=recvonly" } else { "a=sendonly" };
    match fault {
        "answer" => answer.replace("a=setup:passive", "a=setup:actpass"),
        "direction" => answer.replace(right, "a=sendrecv"),
        "candidates" => sdp::without(&answer, "a=candidate:"),
        "bundle" => sdp::without(&answer, "a=group:BUNDLE"),
        "rtcp-mux" => sdp::without(&answer, "a=rtcp-mux\r"),
        "rtcp-mux-only" => sdp::without(&answer, "a=rtcp-mux-only"),
        "msid" => answer.replacen("a=msid:toy", "a=msid:other", 1),
        "fingerprint" => sdp::with_another_fingerprint(&answer),
        _ => answer,
    }
}
