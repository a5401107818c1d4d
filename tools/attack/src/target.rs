//! The server's address, and the credentials for it.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

use hyper::Uri;
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;

use crate::options::OptionError;
use crate::stream::Stream;
use crate::tls::Tls;

/// The server's address, which is one of this machine.
#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    /// What stands in `Host`.
    pub(crate) host: String,
    /// What is spoken with an `https` server.
    pub(crate) tls: Option<Tls>,
}

/// As whom a connection comes: its own address, and the client that it says to be a proxy of.
#[derive(Debug, Clone)]
pub(crate) struct Requester {
    source: Option<Ipv4Addr>,
    /// `X-Forwarded-For`.
    pub(crate) forwarded_for: Option<String>,
}

/// How a connection's socket is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Ends with a reset.
    pub(crate) resets: bool,
    /// Takes next to nothing before it has to be read.
    pub(crate) tiny_buffer: bool,
}

impl Target {
    /// Reads an address and looks it up.
    ///
    /// # Errors
    /// When it is not one of this machine.
    pub(crate) fn find(url: &str) -> Result<Self, OptionError> {
        let bad = || OptionError::BadUrl(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| bad())?;
        let port = match uri.scheme_str() {
            Some("http") => 80,
            Some("https") => 443,
            _ => return Err(bad()),
        };
        let host = uri.authority().ok_or_else(bad)?.as_str().to_owned();
        let name = if uri.port().is_some() { host.clone() } else { format!("{host}:{port}") };
        let mut found: Vec<SocketAddr> = name.to_socket_addrs().map_err(|_| bad())?.collect();
        if let Some(far) = found.iter().map(SocketAddr::ip).find(|it| !it.is_loopback()) {
            return Err(OptionError::NotLoopback(far));
        }
        // Only of IPv4 has this machine more than one.
        found.sort_by_key(|it| !it.is_ipv4());
        let address = *found.first().ok_or_else(bad)?;
        let tls = (port == 443).then(|| Tls::new(address.ip()));
        Ok(Self { address, host, tls })
    }

    /// Connects within `patience`, over TLS to an `https` server.
    pub(crate) async fn connect(
        &self,
        requester: &Requester,
        manner: Manner,
        patience: Duration,
    ) -> Result<Stream, String> {
        let stream = self.connect_tcp(requester, manner, patience).await?;
        match &self.tls {
            Some(tls) => shake_hands(tls, tls.http(), stream, patience).await,
            None => Ok(Stream::Plain(stream)),
        }
    }

    /// The same as a TURN client, which needs TLS.
    pub(crate) async fn connect_turn(
        &self,
        requester: &Requester,
        manner: Manner,
        patience: Duration,
    ) -> Result<Stream, String> {
        let tls = self.tls.as_ref().ok_or("no TLS")?;
        let stream = self.connect_tcp(requester, manner, patience).await?;
        shake_hands(tls, tls.turn(), stream, patience).await
    }

    /// Connects within `patience`, and no more.
    pub(crate) async fn connect_tcp(
        &self,
        requester: &Requester,
        manner: Manner,
        patience: Duration,
    ) -> Result<TcpStream, String> {
        let told = |it: io::Error| format!("connect: {}", it.kind());
        let socket = self.socket(requester, manner).map_err(told)?;
        let connect = TcpSocket::from_std_stream(socket.into()).connect(self.address);
        let stream = tokio::time::timeout(patience, connect).await;
        let stream = stream.map_err(|_| "connect: no answer".to_owned())?.map_err(told)?;
        _ = stream.set_nodelay(true);
        Ok(stream)
    }

    /// A description of the server's with the address that we know in place of those it announces:
    /// media goes to loopback as well, whatever the server believes to be its public address.
    pub(crate) fn with_own_candidates(&self, sdp: &str) -> String {
        let ip = self.address.ip().to_string();
        let mut out = String::with_capacity(sdp.len());
        for line in sdp.lines() {
            if let Some(candidate) = line.strip_prefix("a=candidate:") {
                let mut words: Vec<&str> = candidate.split(' ').collect();
                let Some(address) = words.get_mut(4) else { continue };
                *address = &ip;
                out.extend(["a=candidate:", &words.join(" "), "\r\n"]);
            } else {
                out.extend([line, "\r\n"]);
            }
        }
        out
    }

    fn socket(&self, requester: &Requester, manner: Manner) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        if manner.resets {
            socket.set_linger(Some(Duration::ZERO))?;
        }
        if manner.tiny_buffer {
            socket.set_recv_buffer_size(1)?;
        }
        if let Some(source) = requester.source.filter(|_| self.address.is_ipv4()) {
            // Systems other than Linux have 127.0.0.1 alone, unless told otherwise.
            _ = socket.bind(&SocketAddr::new(IpAddr::V4(source), 0).into());
        }
        Ok(socket)
    }
}

async fn shake_hands(
    tls: &Tls,
    connector: TlsConnector,
    stream: TcpStream,
    patience: Duration,
) -> Result<Stream, String> {
    let handshake = tokio::time::timeout(patience, connector.connect(tls.name(), stream));
    let stream = handshake.await.map_err(|_| "tls: no answer".to_owned())?;
    let stream = stream.map_err(|it| format!("tls: {}", it.kind()))?;
    Ok(Stream::Tls(Box::new(stream)))
}

impl Requester {
    /// The server's own machine, without a proxy.
    pub(crate) const fn operator() -> Self {
        Self { source: None, forwarded_for: None }
    }

    /// The attacker, by its network of that number.
    pub(crate) fn attacker(network: usize) -> Self {
        let n = (network % 200) as u8;
        let forwarded_for = Ipv4Addr::new(203, 0, 113, 9 + n).to_string();
        Self { source: Some(Ipv4Addr::new(127, 0, 0, 2 + n)), forwarded_for: Some(forwarded_for) }
    }

    /// The attacker with any address of the IPv6 /64 of that number.
    pub(crate) fn attacker_in_64(network: usize) -> Self {
        let any = fastrand::u32(1..);
        let (high, low) = (any >> 16, any & 0xFFFF);
        let forwarded_for = format!("2001:db8:0:{:x}::{high:x}:{low:x}", 9 + network % 200);
        Self { forwarded_for: Some(forwarded_for), ..Self::attacker(network) }
    }

    /// Its own address, where it is not the system's choice.
    pub(crate) fn source(&self) -> Option<IpAddr> {
        self.source.map(IpAddr::V4)
    }

    /// Somebody else.
    pub(crate) fn other(n: u64) -> Self {
        let last = 1 + (n % 254) as u8;
        let forwarded_for = Some(Ipv4Addr::new(198, 51, 100, last).to_string());
        Self { source: None, forwarded_for }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_of_this_machine_is_attacked() {
        assert_eq!(Target::find("http://127.0.0.1:3000").unwrap().host, "127.0.0.1:3000");
        assert_eq!(Target::find("http://[::1]:80").unwrap().address.to_string(), "[::1]:80");
        let refused = |url: &str| Target::find(url).unwrap_err().to_string();
        for url in ["http://192.0.2.1:3000", "http://10.0.0.1", "http://[2001:db8::1]:1"] {
            assert!(refused(url).contains("not a loopback address"), "{url}");
        }
        let secure = Target::find("https://127.0.0.1").unwrap();
        assert!(secure.address.port() == 443 && secure.tls.is_some());
        for url in ["127.0.0.1:3000", "ws://127.0.0.1/ws", "nonsense"] {
            assert!(refused(url).contains("http://127.0.0.1:3000"), "{url}");
        }
    }

    #[test]
    fn media_goes_to_this_machine_whatever_is_announced() {
        let target = Target::find("http://127.0.0.1:3000").unwrap();
        let sdp = "v=0\r\na=candidate:1 1 udp 7 192.0.2.1 3000 typ host\r\na=candidate:2 1\r\n";
        let expected = "v=0\r\na=candidate:1 1 udp 7 127.0.0.1 3000 typ host\r\n";
        assert_eq!(target.with_own_candidates(sdp), expected);
    }

    #[test]
    fn an_attacker_with_several_networks_has_an_address_in_each() {
        let of = |n| Requester::attacker(n).forwarded_for.unwrap();
        assert_eq!((of(0).as_str(), of(199).as_str()), ("203.0.113.9", "203.0.113.208"));
        let all: std::collections::BTreeSet<String> = (0..200).map(of).collect();
        assert_eq!(all.len(), 200);
        let v6 = Requester::attacker_in_64(1).forwarded_for.unwrap();
        assert!(v6.starts_with("2001:db8:0:a::") && v6.parse::<IpAddr>().is_ok(), "{v6}");
    }
}
