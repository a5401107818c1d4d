//! Exchanges descriptions with the server: over Kaibo's `/ws`, or by WHIP and WHEP.

mod http;
mod whip;
mod ws;

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::time::Duration;

use hyper::Uri;
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::error::RunError;
use crate::options::{OptionError, Options, ROOM, Target};
use crate::turn::{Stage, Turn};

use synth::description::{self, Local, Remote};
use synth::media::SentVideo;
pub(crate) use ws::Profile;

/// How long the server may take to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

const NO_ADDRESS: &str = "the server announces no address that we may use";
const NO_TCP_ADDRESS: &str = "the server announces no address for media over TCP that we may use; Kaibo announces none \
                              when it listens on loopback alone";

/// The server's URLs, resolved once for all clients.
#[derive(Debug, Clone)]
pub(crate) struct Signaling {
    transport: Transport,
    token: Option<String>,
    /// Of the picture.
    codec: SentVideo,
    own_server: bool,
}

#[derive(Debug, Clone)]
enum Transport {
    Ws(Endpoint),
    Whip { publish: Endpoint, watch: Option<Endpoint> },
}

/// A URL and its resolved address.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    address: SocketAddr,
}

impl Endpoint {
    fn uri(&self, room: &str) -> Result<Uri, String> {
        self.url.replace(ROOM, room).parse().map_err(|_| "a bad address".to_owned())
    }

    pub(crate) async fn connect(&self) -> Result<TcpStream, String> {
        let stream = TcpStream::connect(self.address).await.map_err(|it| it.to_string())?;
        _ = stream.set_nodelay(true);
        Ok(stream)
    }
}

/// The signalling session of a client, open while it lives.
pub(crate) enum Session {
    Ws(Box<ws::Socket>),
    Whip(whip::Resource),
}

impl Signaling {
    /// Resolves the server's URLs, and connects once.
    pub(crate) async fn find(options: &Options, codec: SentVideo) -> Result<Self, RunError> {
        let transport = match &options.target {
            Target::Ws(url) => Transport::Ws(find(url, options).await?),
            Target::Whip { publish, watch } => Transport::Whip {
                publish: find(publish, options).await?,
                watch: match watch {
                    Some(url) => Some(find(url, options).await?),
                    None => None,
                },
            },
        };
        let token = options.token.clone();
        Ok(Self { transport, token, codec, own_server: options.own_server })
    }

    /// Our local address on the path to the server.
    pub(crate) fn local_ip(&self) -> io::Result<IpAddr> {
        let (Transport::Ws(endpoint) | Transport::Whip { publish: endpoint, .. }) = &self.transport;
        let any: IpAddr = if endpoint.address.is_ipv4() {
            std::net::Ipv4Addr::UNSPECIFIED.into()
        } else {
            std::net::Ipv6Addr::UNSPECIFIED.into()
        };
        // Sends nothing: it only asks the system for the way.
        let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
        socket.connect(endpoint.address)?;
        Ok(socket.local_addr()?.ip())
    }

    /// Exchanges a publisher's offer for an answer.
    pub(crate) async fn publish(
        &self,
        room: &str,
        offer: String,
        profile: Profile,
    ) -> Result<(String, Session), String> {
        let token = self.token.as_deref();
        let exchange = async {
            match &self.transport {
                Transport::Ws(endpoint) => ws::publish(endpoint, room, offer, token, profile).await,
                Transport::Whip { publish, .. } => {
                    whip::exchange(publish, room, offer, token).await
                }
            }
        };
        let (answer, session) = timely(exchange).await?;
        // The client inside checks all of them: none may lead elsewhere.
        let answer = description::with_candidates(&answer, |it| self.allows(it.ip()));
        if Remote::read(&answer)?.candidates.is_empty() {
            return Err(NO_ADDRESS.to_owned());
        }
        Ok((answer, session))
    }

    /// Becomes a viewer.
    pub(crate) async fn watch(
        &self,
        room: &str,
        local: &Local,
        profile: Profile,
    ) -> Result<(Remote, Session), String> {
        let token = self.token.as_deref();
        let (sdp, session) = match &self.transport {
            Transport::Ws(endpoint) => timely(ws::watch(endpoint, room, local, profile)).await?,
            Transport::Whip { watch, .. } => {
                let endpoint = watch.as_ref().ok_or("nowhere to watch")?;
                let offer = description::offer(local, self.codec);
                timely(whip::exchange(endpoint, room, offer, token)).await?
            }
        };
        let mut remote = Remote::read_over(&sdp, local.transport)?;
        remote
            .candidates
            .retain(|it| it.is_ipv4() == local.address.is_ipv4() && self.allows(it.ip()));
        if remote.candidates.is_empty() {
            let none = match local.transport {
                synth::socket::Transport::Udp => NO_ADDRESS,
                synth::socket::Transport::Tcp => NO_TCP_ADDRESS,
            };
            return Err(none.to_owned());
        }
        // Where signalling is, media most likely is too.
        let ip = local.address.ip();
        remote
            .candidates
            .sort_by_key(|it| (it.ip() != ip, it.ip().is_loopback() != ip.is_loopback()));
        Ok((remote, session))
    }

    fn allows(&self, ip: IpAddr) -> bool {
        self.own_server || crate::options::is_near(ip)
    }
}

impl Session {
    /// Keeps the session until the run ends, then closes it. Says what it has to when half of the time is over.
    pub(crate) async fn hold(self, mut stage: watch::Receiver<Stage>, turn: Option<Turn<'_>>) {
        match self {
            Self::Ws(socket) => socket.hold(stage, turn).await,
            Self::Whip(resource) => {
                // The sender being gone is an end as well.
                _ = stage.wait_for(|it| *it == Stage::Over).await;
                resource.delete().await;
            }
        }
    }
}

async fn timely<T>(exchange: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match tokio::time::timeout(ANSWER_TIMEOUT, exchange).await {
        Ok(result) => result.map_err(|it| format!("signalling: {it}")),
        Err(_) => Err("signalling: no answer".to_owned()),
    }
}

/// Resolves a URL and connects to its first address that answers.
pub(crate) async fn find(url: &str, options: &Options) -> Result<Endpoint, RunError> {
    let unreachable = |error: io::Error| RunError::Unreachable { url: url.to_owned(), error };
    let invalid = || unreachable(io::Error::from(io::ErrorKind::InvalidInput));
    let uri: Uri = url.replace(ROOM, "room").parse().map_err(|_| invalid())?;
    let host = uri.host().ok_or_else(invalid)?.trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(80);
    let mut last = None;
    for address in tokio::net::lookup_host((host, port)).await.map_err(unreachable)? {
        if !options.allows(address.ip()) {
            return Err(OptionError::NotOurs { address: address.ip() }.into());
        }
        match tokio::time::timeout(ANSWER_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(Endpoint { url: url.to_owned(), address }),
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(io::Error::from(io::ErrorKind::TimedOut)),
        }
    }
    Err(unreachable(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::NotFound))))
}
