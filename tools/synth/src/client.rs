//! One publisher or viewer with a socket and a task that drives it, for tools that check what a server does rather than
//! how much it carries. The caller watches its [`State`].

mod drive;
mod socket;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot, watch};

use crate::description::{self, Local, Remote};
use crate::media::{Feed, Sent, Shape, VideoCodec};
use crate::participant::Participant;
use crate::publisher::Publisher;
use crate::socket::Transport;
use crate::udp;
use crate::viewer::{Identity, Rules, Viewer};
use drive::{Driver, Message};
pub use socket::OverTcp;
use socket::Socket;

/// Frames per second.
const FPS: u32 = 30;
/// Of video, in bits a second: enough for frames of several packets.
const VIDEO_BITRATE: u64 = 500_000;
/// Messages that may wait for one client.
const MAX_MESSAGES: usize = 8;

/// Creates clients that recognise each other's media.
#[derive(Clone)]
pub struct Clients {
    identity: Identity,
    run: u32,
    epoch: Instant,
    codec: VideoCodec,
}

impl std::fmt::Debug for Clients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clients").field("run", &self.run).finish_non_exhaustive()
    }
}

/// How far a client is; every field but `over` only rises.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    /// ICE and DTLS are done, with the certificate that was announced.
    pub is_connected: bool,
    /// A connectivity check with the present ICE credentials was answered. After an ICE restart it is
    /// `false` until the server proves that it knows the new ones.
    pub is_proven: bool,
    /// Media packets that came and could be decrypted.
    pub rtp: u64,
    /// Those of a publisher made by the same [`Clients`] among them, by what is in them.
    pub own: u64,
    /// RTCP datagrams that came; those of viewers could be decrypted.
    pub rtcp: u64,
    /// Why it ended: a sentence, or `None` while it lives.
    pub over: Option<String>,
}

/// ICE credentials and candidates, as a description has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub pwd: String,
    /// The values of `a=`.
    pub candidates: Vec<String>,
}

/// A client before its offer is answered.
#[derive(Debug)]
pub struct Draft {
    socket: std::net::UdpSocket,
    kind: DraftKind,
    offer: String,
    candidate: String,
}

#[derive(Debug)]
enum DraftKind {
    Publisher(Box<Publisher>),
    Viewer { local: Local, clients: Clients },
}

/// A client that runs until it is dropped.
#[derive(Debug)]
pub struct Client {
    messages: mpsc::Sender<Message>,
    state: watch::Receiver<State>,
    answer: String,
    candidate: String,
}

impl Clients {
    /// Clients whose video is of this codec.
    #[must_use]
    pub fn new(codec: VideoCodec) -> Self {
        let (identity, run, epoch) = (Identity::generate(), fastrand::u32(..), Instant::now());
        Self { identity, run, epoch, codec }
    }

    /// A publisher of audio and video that says `ip` is its address.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub fn publisher(&self, ip: IpAddr) -> Result<Draft, String> {
        let (socket, local) = open(ip).map_err(|it| format!("socket: {it}"))?;
        let shape = Shape {
            codec: self.codec,
            video_bitrate: VIDEO_BITRATE,
            fps: FPS,
            audio: true,
            run: self.run,
            epoch: self.epoch,
        };
        let (publisher, offer) = Publisher::new(local, shape, Instant::now())?;
        let kind = DraftKind::Publisher(Box::new(publisher));
        Ok(Draft { socket, kind, offer, candidate: candidate(local) })
    }

    /// A viewer of audio and video that says `ip` is its address.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub fn viewer(&self, ip: IpAddr) -> Result<Draft, String> {
        let (socket, address) = open(ip).map_err(|it| format!("socket: {it}"))?;
        let (ufrag, pwd) = (text(8), text(24));
        let local = Local {
            ufrag,
            pwd,
            fingerprint: self.identity.fingerprint(),
            address,
            transport: Transport::Udp,
        };
        let offer = description::offer(&local, self.codec);
        let kind = DraftKind::Viewer { local, clients: self.clone() };
        Ok(Draft { socket, kind, offer, candidate: candidate(address) })
    }

    fn rules(&self) -> Rules {
        Rules {
            epoch: self.epoch,
            run: self.run,
            frame_interval: Duration::from_secs(1) / FPS,
            loss: 0.0,
            any_media: true,
        }
    }
}

impl Draft {
    /// A publisher of what a feed has, that says `ip` is its address.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub fn of_feed(ip: IpAddr, feed: Box<dyn Feed>, sent: Sent) -> Result<Self, String> {
        let (socket, local) = open(ip).map_err(|it| format!("socket: {it}"))?;
        let (publisher, offer) = Publisher::of_feed(local, feed, sent, Instant::now())?;
        let kind = DraftKind::Publisher(Box::new(publisher));
        Ok(Self { socket, kind, offer, candidate: candidate(local) })
    }

    /// What it offers.
    #[must_use]
    pub fn offer(&self) -> &str {
        &self.offer
    }

    /// The value of `a=` for its only candidate.
    #[must_use]
    pub fn candidate(&self) -> &str {
        &self.candidate
    }

    /// A viewer's answer to an offer of the server; `None` of a publisher.
    #[must_use]
    pub fn answer(&self, offer: &str) -> Option<String> {
        match &self.kind {
            DraftKind::Publisher(_) => None,
            DraftKind::Viewer { local, .. } => description::answer(offer, local).ok(),
        }
    }

    /// Takes the server's description, an answer or the offer that was answered, and begins. Belongs
    /// into a runtime of tokio.
    ///
    /// # Errors
    /// When the description does not say what is needed.
    pub fn start(self, description: &str) -> Result<Client, String> {
        self.begin(description, None)
    }

    /// The same over a TCP connection (RFC 6544), whatever the description announces for it.
    ///
    /// # Errors
    /// When the description does not say what is needed.
    pub fn start_over_tcp(self, description: &str, over: OverTcp) -> Result<Client, String> {
        self.begin(description, Some(over))
    }

    fn begin(self, description: &str, over: Option<OverTcp>) -> Result<Client, String> {
        let now = Instant::now();
        let (participant, local) = match self.kind {
            DraftKind::Publisher(mut publisher) => {
                publisher.accept_answer(description)?;
                (Participant::Publisher(publisher), None)
            }
            DraftKind::Viewer { local, clients } => {
                let mut remote = Remote::read(description)?;
                remote.candidates.retain(|it| it.is_ipv4() == local.address.is_ipv4());
                if let Some(over) = over {
                    remote.candidates = vec![over.to];
                }
                if remote.candidates.is_empty() {
                    return Err("the server announces no address that we may use".to_owned());
                }
                let (identity, rules) = (&clients.identity, clients.rules());
                let viewer = Viewer::new(identity, &local, &remote, rules, now, now);
                (Participant::Viewer(Box::new(viewer)), Some(local))
            }
        };
        self.socket.set_nonblocking(true).map_err(|it| it.to_string())?;
        let udp = UdpSocket::from_std(self.socket).map_err(|it| it.to_string())?;
        let (messages, inbox) = mpsc::channel(MAX_MESSAGES);
        let (told, state) = watch::channel(State::default());
        let driver = Driver::new(Socket::Udp(udp), participant, local, told, inbox);
        tokio::spawn(driver.run(over));
        Ok(Client { messages, state, answer: description.to_owned(), candidate: self.candidate })
    }
}

impl Client {
    /// How far it is.
    #[must_use]
    pub fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Waits until a condition holds. Returns whether it does: `false` when time is up or the client has ended.
    pub async fn wait_for(&mut self, within: Duration, holds: impl Fn(&State) -> bool) -> bool {
        let wait = self.state.wait_for(|it| holds(it) || it.over.is_some());
        match tokio::time::timeout(within, wait).await {
            Ok(Ok(state)) => holds(&state),
            Ok(Err(_)) | Err(_) => false,
        }
    }

    /// Waits until the client has ended or received nothing for `quiet`. Returns whether it did so in time.
    pub async fn wait_for_silence(&mut self, quiet: Duration, within: Duration) -> bool {
        let silence = async {
            loop {
                let before = self.state();
                let more = |it: &State| it.rtp > before.rtp || it.rtcp > before.rtcp;
                if before.over.is_some() || !self.wait_for(quiet, more).await {
                    return;
                }
            }
        };
        tokio::time::timeout(within, silence).await.is_ok()
    }

    /// Reads nothing more; checks are sent as before.
    pub async fn stop_reading(&self) {
        // One that has ended reads nothing either.
        _ = self.messages.send(Message::StopReading).await;
    }

    /// Begins an ICE restart: returns the new credentials for the server. They take effect with
    /// [`Self::accept_restart`].
    pub async fn offer_restart(&self) -> Option<Credentials> {
        let (reply, credentials) = oneshot::channel();
        self.messages.send(Message::OfferRestart(reply)).await.ok()?;
        let (ufrag, pwd) = credentials.await.ok()??;
        Some(Credentials { ufrag, pwd, candidates: vec![self.candidate.clone()] })
    }

    /// Takes the server's new credentials; [`State::is_proven`] tells when a check with them was answered.
    ///
    /// # Errors
    /// When the client cannot make use of it.
    pub async fn accept_restart(&self, theirs: &Credentials) -> Result<(), String> {
        let sdp = description::with_credentials(
            &self.answer,
            &theirs.ufrag,
            &theirs.pwd,
            &theirs.candidates,
        );
        let gone = || "the client has ended".to_owned();
        let (reply, done) = oneshot::channel();
        let message = Message::AcceptRestart(sdp, reply);
        self.messages.send(message).await.map_err(|_| gone())?;
        done.await.map_err(|_| gone())?
    }
}

/// A socket that can reach every address, and the address to announce for it.
fn open(ip: IpAddr) -> io::Result<(std::net::UdpSocket, SocketAddr)> {
    let any = if ip.is_ipv4() {
        IpAddr::from(Ipv4Addr::UNSPECIFIED)
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    let socket = udp::bind(any)?;
    let port = socket.local_addr()?.port();
    Ok((socket, SocketAddr::new(ip, port)))
}

fn candidate(address: SocketAddr) -> String {
    let (ip, port) = (address.ip(), address.port());
    format!("candidate:1 1 udp 2130706431 {ip} {port} typ host")
}

fn text(len: usize) -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(len).collect()
}
