//! What the system says of itself. Whatever it does not tell is `None`, and no check speaks of it.
//!
//! | file | what |
//! | --- | --- |
//! | `firewall.rs` | whether nftables and ufw let a port in |
//! | `nft.rs` | nftables' rules, as far as a port is concerned |
//! | `names.rs` | the addresses of names |
//! | `port.rs` | a port, and whether it is let in |
//! | `programs.rs` | what programs of the system print |
//! | `place.rs` | the container, and whose cloud it is |

mod firewall;
mod names;
mod nft;
mod place;
mod port;
mod programs;

use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use socket2::{Domain, Protocol, Socket, Type};

use crate::server::Server;

pub use firewall::{Firewall, FirewallKind};
pub use names::Resolved;
pub use place::Cloud;
pub use port::{Port, Verdict};

/// The buffer that the server asks of the system for each UDP socket, in bytes.
const UDP_BUFFER: usize = 8 * 1024 * 1024;

/// What the system says.
#[derive(Debug, Clone)]
pub struct Machine {
    /// Its clock.
    pub now: SystemTime,
    /// Whether something keeps the clock right.
    pub is_clock_kept: Option<bool>,
    /// The most files that the server may have open; `None`: no limit, or not known.
    pub open_files: Option<u64>,
    /// Buffers that a UDP socket is given.
    pub udp_buffers: Option<UdpBuffers>,
    /// Whether the system cuts messages into datagrams (UDP_SEGMENT).
    pub is_segmenting: Option<bool>,
    /// Whether memory can be had in huge pages (`always`, `madvise`, `never`).
    pub huge_pages: Option<String>,
    /// The data folder's.
    pub disk: Disk,
    /// The addresses of the interfaces that are up.
    pub addresses: Vec<IpAddr>,
    /// The addresses of the public names.
    pub names: Vec<Resolved>,
    /// Whether it is in a container.
    pub is_container: bool,
    /// Whose machine it is.
    pub cloud: Option<Cloud>,
    /// Firewalls that speak of the server's ports.
    pub firewalls: Vec<Firewall>,
    /// Ports that a server that does not run could not have.
    pub taken: Vec<PortTaken>,
}

/// Buffers of a UDP socket, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpBuffers {
    /// What the server asks for.
    pub wanted: usize,
    /// What it is given to receive.
    pub receive: usize,
    /// What it is given to send.
    pub send: usize,
}

/// The disk of the data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// The data folder.
    pub folder: PathBuf,
    /// Bytes that are free.
    pub free: Option<u64>,
    /// Why nothing can be written there.
    pub unwritable: Option<String>,
}

/// A port that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortTaken {
    /// Which.
    pub port: Port,
    /// Whether the system allows it to an administrator only.
    pub is_denied: bool,
    /// In the system's words.
    pub why: String,
}

impl Machine {
    /// Looks at the machine that this process runs on. It takes up to some seconds: names are asked for, and programs
    /// of the system are run, each for [`PATIENCE`](programs::PATIENCE) at most.
    pub fn look(server: &Server) -> Self {
        let addresses = if_addrs::get_if_addrs().unwrap_or_default();
        let addresses = addresses.iter().filter(|it| it.is_oper_up());
        Self {
            now: SystemTime::now(),
            is_clock_kept: is_clock_kept(),
            open_files: open_files(),
            udp_buffers: udp_buffers(),
            is_segmenting: is_segmenting(),
            huge_pages: huge_pages(),
            disk: disk(&server.data),
            addresses: addresses.map(if_addrs::Interface::ip).collect(),
            names: names::resolve(&server.domains),
            is_container: place::is_container(),
            cloud: place::cloud(),
            firewalls: firewall::look(&ports(server)),
            taken: if server.is_running { Vec::new() } else { taken(server) },
        }
    }
}

/// The ports that clients come to.
fn ports(server: &Server) -> Vec<Port> {
    let mut ports = vec![Port::Tcp(server.listen.port()), Port::Udp(server.udp_port)];
    ports.extend(server.http_port.map(Port::Tcp));
    ports
}

/// Whether ports of a server that does not run are free.
fn taken(server: &Server) -> Vec<PortTaken> {
    let listen = server.listen;
    let media =
        if listen.ip().is_loopback() { "::".parse().unwrap_or(listen.ip()) } else { listen.ip() };
    let mut taken = Vec::new();
    let mut note = |port: Port, result: io::Result<()>| {
        let Err(error) = result else { return };
        let is_denied = error.kind() == io::ErrorKind::PermissionDenied;
        let is_taken = error.kind() == io::ErrorKind::AddrInUse;
        if is_denied || is_taken {
            taken.push(PortTaken { port, is_denied, why: error.to_string() });
        }
    };
    let tcp = |port| TcpListener::bind(SocketAddr::new(listen.ip(), port)).map(drop);
    if listen.port() != 0 {
        note(Port::Tcp(listen.port()), tcp(listen.port()));
    }
    if server.udp_port != 0 {
        let udp = UdpSocket::bind(SocketAddr::new(media, server.udp_port)).map(drop);
        note(Port::Udp(server.udp_port), udp);
    }
    if let Some(port) = server.http_port {
        note(Port::Tcp(port), tcp(port));
    }
    taken
}

/// systemd knows of every program that keeps the clock: the kernel says whether one does.
fn is_clock_kept() -> Option<bool> {
    let mut command = Command::new("timedatectl");
    command.args(["show", "--property=NTPSynchronized", "--value"]);
    match programs::output(command)?.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(unix)]
fn open_files() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Nofile).current
}

#[cfg(not(unix))]
fn open_files() -> Option<u64> {
    None
}

fn udp_buffers() -> Option<UdpBuffers> {
    let socket = udp_socket().ok()?;
    // A refusal is told by what the socket has.
    _ = socket.set_recv_buffer_size(UDP_BUFFER);
    _ = socket.set_send_buffer_size(UDP_BUFFER);
    // Linux doubles what it is asked for, for its own bookkeeping.
    let share = if cfg!(target_os = "linux") { 2 } else { 1 };
    Some(UdpBuffers {
        wanted: UDP_BUFFER,
        receive: socket.recv_buffer_size().ok()? / share,
        send: socket.send_buffer_size().ok()? / share,
    })
}

fn udp_socket() -> io::Result<Socket> {
    Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP))
}

#[cfg(target_os = "linux")]
fn is_segmenting() -> Option<bool> {
    let socket = udp_socket().ok()?;
    let state = quinn_udp::UdpSocketState::new((&socket).into()).ok()?;
    Some(state.max_gso_segments() > 1)
}

#[cfg(not(target_os = "linux"))]
fn is_segmenting() -> Option<bool> {
    None
}

/// The word in brackets, as in `always [madvise] never`.
fn huge_pages() -> Option<String> {
    let text = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").ok()?;
    let (_, rest) = text.split_once('[')?;
    rest.split_once(']').map(|(word, _)| word.to_owned())
}

fn disk(folder: &Path) -> Disk {
    // Before the first start it is not there yet.
    let mut there = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    while !there.is_dir() && there.pop() {}
    let unwritable = if folder.exists() && !folder.is_dir() {
        Some(io::Error::from(io::ErrorKind::NotADirectory))
    } else {
        let write = |mut file| io::Write::write_all(&mut file, &[0; 4096]);
        tempfile::tempfile_in(&there).and_then(write).err()
    };
    Disk {
        folder: folder.to_owned(),
        free: free_bytes(&there),
        unwritable: unwritable.map(|error| error.to_string()),
    }
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_a_disk_and_buffers() {
        let folder = tempfile::tempdir().unwrap();
        let found = disk(&folder.path().join("not/there/yet"));
        assert_eq!(found.unwritable, None);
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(disk(&file).unwritable.is_some());
        assert!(udp_buffers().unwrap().receive > 0);
    }
}
