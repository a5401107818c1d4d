//! How the sockets are opened: one for each family and media thread, all on one port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use mio::net::UdpSocket;
use quinn_udp::UdpSocketState;
use socket2::{Domain, Socket, Type};

use super::{Sockets, Udp};
use crate::StartError;

/// A group of pictures of a keyframe to a thousand viewers is megabytes at once; the system caps
/// this at what it allows.
const BUFFER_BYTES: usize = 8 * 1024 * 1024;

/// How often another free port is tried, when the system chose one that only one family has.
const PORT_TRIES: usize = 16;

/// Binds the same port once for each of `n` threads; the kernel gives each client's datagrams to one of
/// them, by a hash of both addresses. Where it does not, there is one set of sockets.
///
/// # Errors
/// As [`bind`].
pub fn bind_each(listen: IpAddr, port: u16, n: usize) -> Result<Vec<Sockets>, StartError> {
    let first = bind(listen, port)?;
    if n <= 1 || !CAN_SHARE {
        return Ok(vec![first]);
    }
    // The first bind was an ordinary one, which fails when anybody has the port; only now others of
    // ours may have it too.
    let share = |it: &Udp| {
        let addr = it.address;
        share(&socket2::SockRef::from(&it.socket))
            .map_err(|source| StartError::Bind { addr, source })
    };
    first.sockets.iter().try_for_each(share)?;
    let mut all = vec![first];
    for _ in 1..n {
        let first = all.first().map_or(&[][..], |it| &it.sockets);
        let bound: Result<Vec<Udp>, StartError> =
            first.iter().map(|it| Udp::bind(it.address, Port::Shared)).collect();
        let port = all.first().map_or(port, Sockets::port);
        all.push(Sockets::new(bound?, port));
    }
    Ok(all)
}

/// Whether several sockets can have one port, with the datagrams spread over them by client. Other
/// systems have the option of this name, and give all to the last.
const CAN_SHARE: bool = cfg!(target_os = "linux");

#[cfg(target_os = "linux")]
fn share(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(target_os = "linux"))]
fn share(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Whether a socket's port may be that of others of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Port {
    Own,
    Shared,
}

/// Binds what `listen` stands for; an unspecified IPv6 address stands for both families.
///
/// # Errors
/// When the port is taken or there is no such address.
pub fn bind(listen: IpAddr, port: u16) -> Result<Sockets, StartError> {
    let both = listen == IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    if !both {
        let udp = Udp::bind(SocketAddr::new(listen, port), Port::Own)?;
        let port = udp.address.port();
        return Ok(Sockets::new(vec![udp], port));
    }
    let mut tries = 0;
    loop {
        let v4 = Udp::bind(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port), Port::Own)?;
        let chosen = v4.address.port();
        let v6 = Udp::bind(SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), chosen), Port::Own);
        tries += 1;
        match v6 {
            Ok(v6) => return Ok(Sockets::new(vec![v4, v6], chosen)),
            Err(StartError::Bind { source, .. }) if source.kind() == io::ErrorKind::AddrInUse => {
                if port != 0 || tries == PORT_TRIES {
                    let addr = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), chosen);
                    return Err(StartError::Bind { addr, source });
                }
            }
            Err(error) => {
                tracing::info!(%error, "without IPv6");
                return Ok(Sockets::new(vec![v4], chosen));
            }
        }
    }
}

impl Udp {
    fn bind(addr: SocketAddr, port: Port) -> Result<Self, StartError> {
        let open = || -> io::Result<Self> {
            let socket = Socket::new(Domain::for_address(addr), Type::DGRAM, None)?;
            if addr.is_ipv6() {
                socket.set_only_v6(true)?;
            }
            // Best effort: the system says how much it gives.
            _ = socket.set_recv_buffer_size(BUFFER_BYTES);
            _ = socket.set_send_buffer_size(BUFFER_BYTES);
            if port == Port::Shared {
                share(&socket)?;
            }
            socket.bind(&addr.into())?;
            // This also makes it non-blocking.
            let state = UdpSocketState::new((&socket).into())?;
            let socket = UdpSocket::from_std(socket.into());
            let address = socket.local_addr()?;
            Ok(Self { socket, state, address })
        };
        open().map_err(|source| StartError::Bind { addr, source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_families_share_one_port() {
        let sockets = bind(Ipv6Addr::UNSPECIFIED.into(), 0).unwrap();
        assert!(sockets.bound().iter().any(|ip| *ip == Ipv4Addr::UNSPECIFIED));
        assert!(sockets.sockets.iter().all(|it| it.address.port() == sockets.port()));
    }

    #[test]
    fn threads_share_a_port_that_nobody_else_gets() {
        let all = bind_each(Ipv4Addr::LOCALHOST.into(), 0, 3).unwrap();
        assert_eq!(all.len(), if CAN_SHARE { 3 } else { 1 });
        let port = all[0].port();
        assert!(all.iter().all(|it| it.port() == port));
        bind(Ipv4Addr::LOCALHOST.into(), port).unwrap_err();
        bind_each(Ipv4Addr::LOCALHOST.into(), port, 3).unwrap_err();
    }

    #[test]
    fn a_port_that_is_taken_is_told_by_its_address() {
        let first = bind(Ipv4Addr::LOCALHOST.into(), 0).unwrap();
        let error = bind(Ipv4Addr::LOCALHOST.into(), first.port()).unwrap_err();
        let StartError::Bind { addr, source } = error else { panic!("{error}") };
        assert_eq!((addr.port(), source.kind()), (first.port(), io::ErrorKind::AddrInUse));
    }
}
