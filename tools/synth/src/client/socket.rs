//! The socket of one client's task.

use std::io;
use std::net::{IpAddr, SocketAddr};

use rtp::frames::Frames;
use tokio::net::{TcpSocket, TcpStream, UdpSocket};

use crate::tcp::Waiting;

/// Where a client connects whose media goes over TCP.
#[derive(Debug, Clone, Copy)]
pub struct OverTcp {
    pub to: SocketAddr,
    /// The client's own address, where it is not the system's choice.
    pub from: Option<IpAddr>,
    /// Takes next to nothing before it has to be read.
    pub is_tiny: bool,
}

/// How a client's datagrams leave and come.
pub(super) enum Socket {
    Udp(UdpSocket),
    Tcp { stream: TcpStream, server: SocketAddr },
}

/// What of a stream is under way.
#[derive(Debug, Default)]
pub(super) struct UnderWay {
    pub(super) frames: Frames,
    pub(super) waiting: Waiting,
}

impl Socket {
    pub(super) async fn connect(over: OverTcp) -> io::Result<Self> {
        let OverTcp { to, from, is_tiny } = over;
        let socket = if to.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        if is_tiny {
            socket.set_recv_buffer_size(1)?;
        }
        if let Some(from) = from.filter(|it| it.is_ipv4() == to.is_ipv4()) {
            socket.bind(SocketAddr::new(from, 0))?;
        }
        let stream = socket.connect(to).await?;
        _ = stream.set_nodelay(true);
        Ok(Self::Tcp { stream, server: to })
    }

    pub(super) async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Udp(it) => it.readable().await,
            Self::Tcp { stream, .. } => stream.readable().await,
        }
    }

    /// Reads once: passes on what is whole. `false` when there is nothing more.
    pub(super) fn receive(
        &self,
        frames: &mut Frames,
        buffer: &mut [u8],
        mut take: impl FnMut(SocketAddr, &mut [u8]),
    ) -> io::Result<bool> {
        let read = match self {
            Self::Udp(it) => it.try_recv_from(buffer),
            Self::Tcp { stream, server } => stream.try_read(buffer).map(|len| (len, *server)),
        };
        match (self, read) {
            (Self::Udp(_), Ok((len, source))) => {
                take(source, buffer.get_mut(..len).unwrap_or_default());
                Ok(true)
            }
            (Self::Tcp { .. }, Ok((0, _))) => Err(io::ErrorKind::UnexpectedEof.into()),
            (Self::Tcp { .. }, Ok((len, server))) => {
                let bytes = buffer.get_mut(..len).unwrap_or_default();
                let cut = frames.take(bytes, |datagram| take(server, datagram));
                cut.map(|()| true).map_err(|_| io::ErrorKind::InvalidData.into())
            }
            (_, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            // An ICMP message about a datagram sent earlier: the timeouts decide.
            (Self::Udp(_), Err(_)) => Ok(true),
            (Self::Tcp { .. }, Err(error)) => Err(error),
        }
    }

    /// Sends a datagram; one that cannot be sent is lost, as in any network.
    pub(super) fn send(&self, waiting: &mut Waiting, to: SocketAddr, bytes: &[u8]) {
        match self {
            Self::Udp(it) => _ = it.try_send_to(bytes, to),
            Self::Tcp { stream, .. } => waiting.send(bytes, |it| stream.try_write(it)),
        }
    }
}
