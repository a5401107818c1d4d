//! Opens the TCP port.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use super::limits::BACKLOG;
use crate::ServeError;
use crate::error::next_port;

/// Opens the TCP port, for both families where the address is `[::]` and the system has both.
///
/// # Errors
/// When the port cannot be had; the message says what to do.
pub(crate) fn bind(addr: SocketAddr) -> Result<TcpListener, ServeError> {
    let is_any = addr.ip().is_unspecified();
    let result = match open(addr) {
        Err(error) if addr.is_ipv6() && is_any && error.kind() != io::ErrorKind::AddrInUse => {
            open(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), addr.port()))
        }
        result => result,
    };
    result.map_err(|source| {
        if source.kind() != io::ErrorKind::AddrInUse {
            return ServeError::Listen { addr, source };
        }
        let host = match addr.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        };
        ServeError::PortInUse { port: addr.port(), host, next: next_port(addr.port()) }
    })
}

fn open(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if addr.is_ipv6() {
        socket.set_only_v6(!addr.ip().is_unspecified())?;
    }
    // A port that was ours a moment ago is still in TIME_WAIT, and free on Unix only with this.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}
