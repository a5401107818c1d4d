//! How one participant joins: opens a socket, exchanges descriptions, and moves to a media thread.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

use play::Recorded;
use tokio::sync::watch;

use crate::signaling::{Profile, Session, Signaling};
use crate::turn::{Stage, Turn};
use crate::worker::Adder;
use synth::description::{Local, Remote};
use synth::media::{SentVideo, Shape, Stamped};
use synth::participant::Participant;
use synth::publisher::Publisher;
use synth::socket::{Transport, Unregistered};
use synth::stats::Totals;
use synth::udp;
use synth::viewer::{Identity, Rules, Viewer};

/// How long one of the server's candidates may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(3);

/// Everything that clients need to join.
pub(super) struct Joiner {
    pub(super) signaling: Signaling,
    pub(super) local_ip: Option<IpAddr>,
    pub(super) identity: Identity,
    pub(super) rules: Rules,
    pub(super) shape: Shape,
    /// What publishers send in place of it.
    pub(super) file: Option<Recorded>,
    /// Of viewers; publishers send over UDP.
    pub(super) transport: Transport,
    pub(super) totals: Arc<Totals>,
    pub(super) stage: watch::Receiver<Stage>,
    /// How long the first half is, if there are two.
    pub(super) half: Duration,
    /// Whether rooms are recorded in the second one.
    pub(super) record: bool,
}

impl Joiner {
    pub(super) fn with_local_ip(self) -> io::Result<Self> {
        let local_ip = Some(self.signaling.local_ip()?);
        Ok(Self { local_ip, ..self })
    }

    /// A publisher's life, as far as signalling goes.
    pub(super) async fn publish(self: Arc<Self>, room: usize, worker: Adder) {
        match self.try_publish(room, &worker).await {
            Ok(session) => {
                let turn = self.record.then(|| Turn::record(&self.totals));
                session.hold(self.stage.clone(), turn).await;
            }
            Err(reason) => self.totals.lose_publisher(&reason),
        }
    }

    async fn try_publish(&self, room: usize, worker: &Adder) -> Result<Session, String> {
        let (socket, local) = self.socket()?;
        let now = Instant::now();
        let (mut publisher, offer) = match &self.file {
            Some(file) => {
                let Shape { run, epoch, .. } = self.shape;
                let is_h264 = matches!(file.sent.video, Some(SentVideo::H264 { .. }));
                let feed = file.feed().map_err(|it| it.to_string())?;
                let feed = Stamped::new(feed, is_h264, run, epoch);
                Publisher::of_feed(local, Box::new(feed), file.sent, now)?
            }
            None => Publisher::new(local, self.shape, now)?,
        };
        let (answer, session) =
            self.signaling.publish(&self.room(room), offer, profile(self.record)).await?;
        publisher.accept_answer(&answer)?;
        worker.add(Participant::Publisher(Box::new(publisher)), Unregistered::Udp(socket));
        Ok(session)
    }

    /// A viewer's life, as far as signalling goes; `rewinds` when it goes back in the second half.
    pub(super) async fn watch(self: Arc<Self>, room: usize, worker: Adder, rewinds: bool) {
        match self.try_watch(room, &worker, profile(rewinds)).await {
            Ok(session) => {
                let turn = rewinds.then(|| Turn::rewind(self.half, &self.totals));
                session.hold(self.stage.clone(), turn).await;
            }
            Err(reason) => self.totals.fail(&reason),
        }
    }

    async fn try_watch(
        &self,
        room: usize,
        worker: &Adder,
        profile: Profile,
    ) -> Result<Session, String> {
        let began_at = Instant::now();
        let transport = self.transport;
        let (udp, address) = match transport {
            Transport::Udp => self.socket().map(|(socket, address)| (Some(socket), address))?,
            Transport::Tcp => {
                (None, SocketAddr::new(self.local_ip.ok_or("no address of ours")?, 0))
            }
        };
        let text = |len| std::iter::repeat_with(fastrand::alphanumeric).take(len).collect();
        let fingerprint = self.identity.fingerprint();
        let local = Local { ufrag: text(8), pwd: text(24), fingerprint, address, transport };
        let (mut remote, session) = self.signaling.watch(&self.room(room), &local, profile).await?;
        let socket = match udp {
            Some(socket) => Unregistered::Udp(socket),
            None => Unregistered::Tcp(connect(&mut remote).await?),
        };
        let now = Instant::now();
        let viewer = Viewer::new(&self.identity, &local, &remote, self.rules, began_at, now);
        worker.add(Participant::Viewer(Box::new(viewer)), socket);
        Ok(session)
    }

    fn socket(&self) -> Result<(UdpSocket, SocketAddr), String> {
        let ip = self.local_ip.ok_or("no address of ours")?;
        let open = || {
            let socket = udp::bind(ip)?;
            let address = socket.local_addr()?;
            Ok::<_, io::Error>((socket, address))
        };
        open().map_err(|it| format!("socket: {it}"))
    }

    /// The name of a room, different in each run.
    fn room(&self, n: usize) -> String {
        format!("bench-{:04x}-{}", self.rules.run & 0xFFFF, n + 1)
    }
}

/// What a session speaks that says more than descriptions, or not.
fn profile(says_more: bool) -> Profile {
    if says_more { Profile::Page } else { Profile::Basic }
}

/// Connects to the first candidate that takes the connection; the others are forgotten.
async fn connect(remote: &mut Remote) -> Result<TcpStream, String> {
    let mut last = "tcp: no candidate".to_owned();
    for to in std::mem::take(&mut remote.candidates) {
        let connected = tokio::time::timeout(CONNECT_WITHIN, tokio::net::TcpStream::connect(to));
        match connected.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())) {
            Ok(stream) => {
                remote.candidates = vec![to];
                return stream.into_std().map_err(|it| format!("tcp: {it}"));
            }
            Err(error) => last = format!("tcp: {error}"),
        }
    }
    Err(last)
}
