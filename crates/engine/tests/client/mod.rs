//! A browser as far as the engine can tell: a WebRTC session on a UDP socket of its own, driven by
//! the test in turns.

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// What it waits at its socket in one turn.
const WAIT: Duration = Duration::from_millis(1);

/// Datagrams that it reads in one turn.
const READS: usize = 64;

pub(crate) struct Client {
    socket: UdpSocket,
    rtc: Rtc,
    pending: Option<SdpPendingOffer>,
    /// What it publishes, when it does.
    video: Option<Mid>,
    is_connected: bool,
    /// Whether the server said goodbye.
    pub(crate) is_closed: bool,
    /// Sequence numbers of video received.
    pub(crate) seqs: Vec<u64>,
    next: Instant,
    began: Instant,
    number: u32,
}

impl Client {
    pub(crate) fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(WAIT)).unwrap();
        let now = Instant::now();
        let mut rtc = Rtc::builder().set_rtp_mode(true).build(now);
        let candidate = Candidate::host(socket.local_addr().unwrap(), "udp").unwrap();
        rtc.add_local_candidate(candidate);
        Self {
            socket,
            rtc,
            pending: None,
            video: None,
            is_connected: false,
            is_closed: false,
            seqs: Vec::new(),
            next: now,
            began: now,
            number: 0,
        }
    }

    pub(crate) fn offer(&mut self) -> String {
        let mut api = self.rtc.sdp_api();
        api.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        self.video = Some(api.add_media(MediaKind::Video, Direction::SendRecv, None, None, None));
        let (offer, pending) = api.apply().unwrap();
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub(crate) fn accept_answer(&mut self, sdp: &str) {
        let answer = SdpAnswer::from_sdp_string(sdp).unwrap();
        self.rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
    }

    pub(crate) fn answer(&mut self, offer: &str) -> String {
        let offer = SdpOffer::from_sdp_string(offer).unwrap();
        self.rtc.sdp_api().accept_offer(offer).unwrap().to_sdp_string()
    }

    /// Packets that never came, but for the newest ones, which may be under way.
    pub(crate) fn gaps(&self) -> u64 {
        let mut seqs = self.seqs.clone();
        seqs.sort_unstable();
        seqs.dedup();
        let settled = seqs.get(..seqs.len().saturating_sub(20)).unwrap_or_default();
        settled.windows(2).map(|it| it[1] - it[0] - 1).sum()
    }

    /// Sends what is due, and takes what came.
    pub(crate) fn turn(&mut self) {
        self.drain();
        let now = Instant::now();
        if let Some(mid) = self.video.filter(|_| self.is_connected && now >= self.next) {
            self.next += Duration::from_millis(10);
            self.write(mid, now);
        }
        let mut buffer = [0; 2_000];
        let local = self.socket.local_addr().unwrap();
        for n in 0..READS {
            self.socket.set_nonblocking(n > 0).unwrap();
            let Ok((len, source)) = self.socket.recv_from(&mut buffer) else { break };
            let Ok(it) = Receive::new(Protocol::Udp, source, local, &buffer[..len]) else {
                continue;
            };
            let input = Input::Receive(Instant::now(), it);
            if self.rtc.accepts(&input) {
                _ = self.rtc.handle_input(input);
                self.drain();
            }
        }
        if self.rtc.is_alive() {
            self.rtc.handle_input(Input::Timeout(Instant::now())).unwrap();
        }
        self.drain();
    }

    fn drain(&mut self) {
        while self.rtc.is_alive() {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(it) => _ = self.socket.send_to(&it.contents, it.destination),
                Output::Event(Event::Connected) => self.is_connected = true,
                Output::Event(Event::Closed) => self.is_closed = true,
                Output::Event(Event::RtpPacket(it)) if it.payload.len() > 500 => {
                    self.seqs.push(*it.seq_no);
                }
                Output::Event(_) => {}
            }
        }
        self.is_closed = true;
    }

    /// One VP8 frame of one packet; every hundredth is a keyframe.
    fn write(&mut self, mid: Mid, now: Instant) {
        let number = self.number;
        self.number += 1;
        let pt = self.rtc.media(mid).unwrap().remote_pts()[0];
        let id = number as u16 & 0x7FFF;
        let is_delta = u8::from(!number.is_multiple_of(100));
        let mut payload = vec![0x90, 0x80, 0x80 | (id >> 8) as u8, id as u8, is_delta, 0];
        payload.resize(1_000, 0);
        let ts = (now.duration_since(self.began).as_millis() * 90) as u32;
        let packet = RtpWrite::new(pt, u64::from(number).into(), ts, now, payload);
        let mut api = self.rtc.direct_api();
        let tx = api.stream_tx_by_mid(mid, None).unwrap();
        tx.write_rtp(packet.marker(true).nackable(true));
    }
}
