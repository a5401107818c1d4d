//! Many messages in one system call, each of many datagrams: `sendmmsg` with UDP generic segmentation
//! offload. Linux only, and the only unsafe code of the project; elsewhere, and where the system
//! refuses, messages go one by one through `quinn-udp`.

#![allow(
    unsafe_code,
    reason = "sendmmsg takes pointers; no safe wrapper sets a segment size a message"
)]

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd};

use sfu::Transmit;

/// Messages of one system call.
const BATCH: usize = 128;

/// `CMSG_SPACE` of a segment size and of an IPv6 source address.
const CONTROL_BYTES: usize = 64;

/// How long a full send buffer is waited for. The network empties it at its own speed; a queue of
/// more than this would be latency for everybody behind it.
const WAIT_MS: i32 = 5;

/// Room for one batch, allocated once. The pointers in `headers` are set before each call and
/// mean nothing after it.
pub(super) struct Batch {
    headers: Box<[libc::mmsghdr; BATCH]>,
    vectors: Box<[libc::iovec; BATCH]>,
    names: Box<[socket2::SockAddr; BATCH]>,
    controls: Box<[Control; BATCH]>,
}

// SAFETY: the pointers are used by `send` alone, which sets them first.
unsafe impl Send for Batch {}

impl std::fmt::Debug for Batch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Batch").finish_non_exhaustive()
    }
}

/// Control messages, aligned as the kernel wants them.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL_BYTES]);

/// One message, and whether its source address is said.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outgoing<'a> {
    pub(super) transmit: Transmit<'a>,
    pub(super) with_source: bool,
}

/// What the system said of the first message that it did not take.
#[derive(Debug)]
pub(super) struct Refused {
    /// Its place among the messages given.
    pub(super) index: usize,
    pub(super) error: io::Error,
}

impl Batch {
    pub(super) fn new() -> Self {
        let nowhere = socket2::SockAddr::from(SocketAddr::from(([0, 0, 0, 0], 0)));
        // SAFETY: both are plain C structures, for which all zeros is a valid value.
        let (header, vector) = unsafe { (std::mem::zeroed(), std::mem::zeroed()) };
        Self {
            headers: Box::new([header; BATCH]),
            vectors: Box::new([vector; BATCH]),
            names: Box::new(std::array::from_fn(|_| nowhere.clone())),
            controls: Box::new([Control([0; CONTROL_BYTES]); BATCH]),
        }
    }

    /// Sends the messages in order, up to the first that is refused.
    pub(super) fn send<'a>(
        &mut self,
        socket: BorrowedFd<'_>,
        messages: impl Iterator<Item = Outgoing<'a>>,
    ) -> Result<usize, Refused> {
        let mut messages = messages.fuse();
        let mut done = 0;
        loop {
            let mut n = 0;
            for message in messages.by_ref().take(BATCH) {
                self.put(n, &message);
                n += 1;
            }
            if n == 0 {
                return Ok(done);
            }
            let mut first = 0;
            let mut has_waited = false;
            while first < n {
                // SAFETY: the headers first..n were just set by `put`, and what they point to lives
                // in `self` and in the messages' buffers, all borrowed until this returns.
                let sent = unsafe {
                    let headers = self.headers.as_mut_ptr().add(first);
                    libc::sendmmsg(socket.as_raw_fd(), headers, (n - first) as libc::c_uint, 0)
                };
                if sent > 0 {
                    first += sent as usize;
                    continue;
                }
                let error = io::Error::last_os_error();
                match error.kind() {
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::WouldBlock if !has_waited => {
                        has_waited = true;
                        wait_writable(socket);
                    }
                    _ => return Err(Refused { index: done + first, error }),
                }
            }
            done += n;
        }
    }

    fn put(&mut self, n: usize, message: &Outgoing<'_>) {
        let Outgoing { transmit, with_source } = message;
        self.names[n] = transmit.destination.addr.into();
        self.vectors[n] = libc::iovec {
            iov_base: transmit.contents.as_ptr().cast_mut().cast(),
            iov_len: transmit.contents.len(),
        };
        let header = &mut self.headers[n].msg_hdr;
        header.msg_name = self.names[n].as_ptr().cast_mut().cast();
        header.msg_namelen = self.names[n].len();
        header.msg_iov = &raw mut self.vectors[n];
        header.msg_iovlen = 1;
        header.msg_flags = 0;
        let control = &mut self.controls[n];
        header.msg_control = control.0.as_mut_ptr().cast();
        header.msg_controllen = CONTROL_BYTES;
        let mut writer = ControlWriter { header, used: 0 };
        if transmit.contents.len() > transmit.segment_size {
            writer.push(libc::SOL_UDP, libc::UDP_SEGMENT, transmit.segment_size as u16);
        }
        if *with_source {
            match transmit.source {
                SocketAddr::V4(it) => {
                    let address = libc::in_addr { s_addr: u32::from(*it.ip()).to_be() };
                    let info = libc::in_pktinfo {
                        ipi_ifindex: 0,
                        ipi_spec_dst: address,
                        ipi_addr: address,
                    };
                    writer.push(libc::IPPROTO_IP, libc::IP_PKTINFO, info);
                }
                SocketAddr::V6(it) => {
                    let address = libc::in6_addr { s6_addr: it.ip().octets() };
                    let info = libc::in6_pktinfo { ipi6_ifindex: 0, ipi6_addr: address };
                    writer.push(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
                }
            }
        }
        let used = writer.used;
        header.msg_controllen = used;
        if used == 0 {
            header.msg_control = std::ptr::null_mut();
        }
    }
}

/// Writes control messages into the buffer that a header points to.
struct ControlWriter<'a> {
    header: &'a mut libc::msghdr,
    used: usize,
}

impl ControlWriter<'_> {
    fn push<T: Copy>(&mut self, level: libc::c_int, kind: libc::c_int, value: T) {
        let size = size_of::<T>() as libc::c_uint;
        // SAFETY: CMSG_SPACE and CMSG_LEN only compute. The buffer is 8-aligned and has room for the
        // 24 + 40 bytes of the two messages that are ever pushed, which the assertion makes sure of;
        // CMSG_DATA is at most 8-aligned like the values, and written unaligned in any case.
        unsafe {
            let space = libc::CMSG_SPACE(size) as usize;
            assert!(self.used + space <= CONTROL_BYTES, "control messages do not fit");
            let at = self.header.msg_control.cast::<u8>().add(self.used).cast::<libc::cmsghdr>();
            (*at).cmsg_len = libc::CMSG_LEN(size) as _;
            (*at).cmsg_level = level;
            (*at).cmsg_type = kind;
            libc::CMSG_DATA(at).cast::<T>().write_unaligned(value);
            self.used += space;
        }
    }
}

fn wait_writable(socket: BorrowedFd<'_>) {
    let mut poll = libc::pollfd { fd: socket.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one valid structure, and its count.
    unsafe {
        libc::poll(&raw mut poll, 1, WAIT_MS);
    }
}
