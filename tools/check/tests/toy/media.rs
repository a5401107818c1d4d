//! The toy's peers: one str0m session each, ICE-lite, on a socket and a task of its own. What
//! publishers send goes to all viewers.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{DatagramRecv, Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};
use tokio::net::UdpSocket;
use tokio::sync::{broadcast, mpsc, oneshot};

/// A packet on its way from a publisher to viewers.
#[derive(Clone)]
pub(crate) struct Packet {
    kind: MediaKind,
    time: u32,
    marker: bool,
    payload: Vec<u8>,
}

pub(crate) enum Command {
    /// An offer with other ICE credentials.
    Restart(String, oneshot::Sender<String>),
    /// The answer to our own offer.
    Answer(String, oneshot::Sender<bool>),
    Close,
}

/// A peer's task is told through this.
pub(crate) type Handle = mpsc::UnboundedSender<Command>;

/// What of media is broken.
#[derive(Clone, Copy, Default)]
pub(crate) struct Faults {
    pub(crate) no_rtcp: bool,
    pub(crate) no_rtp: bool,
}

struct Peer {
    rtc: Rtc,
    socket: UdpSocket,
    local: SocketAddr,
    commands: mpsc::UnboundedReceiver<Command>,
    bus: broadcast::Sender<Packet>,
    faults: Faults,
    is_closing: bool,
    /// The sections that media goes out on.
    sending: Vec<Outgoing>,
}

struct Outgoing {
    kind: MediaKind,
    mid: Mid,
    seq: u64,
}

/// A peer that answers an offer.
pub(crate) async fn answer(
    offer: &str,
    bus: &broadcast::Sender<Packet>,
    faults: Faults,
) -> Result<(Handle, String), String> {
    let offer = SdpOffer::from_sdp_string(offer).map_err(|it| it.to_string())?;
    let (mut peer, handle) = Peer::new(bus, faults).await;
    let answer = peer.rtc.sdp_api().accept_offer(offer).map_err(|it| it.to_string())?;
    tokio::spawn(peer.run(None));
    Ok((handle, answer.to_sdp_string()))
}

/// A peer that offers audio and video itself.
pub(crate) async fn offer(bus: &broadcast::Sender<Packet>) -> (Handle, String) {
    let (mut peer, handle) = Peer::new(bus, Faults::default()).await;
    let mut api = peer.rtc.sdp_api();
    let add = |kind| {
        let mid = api.add_media(kind, Direction::SendOnly, Some("toy".into()), None, None);
        Outgoing { kind, mid, seq: 0 }
    };
    let sending = [MediaKind::Audio, MediaKind::Video].map(add);
    let (offer, pending) = api.apply().unwrap();
    peer.sending.extend(sending);
    tokio::spawn(peer.run(Some(pending)));
    (handle, offer.to_sdp_string())
}

impl Peer {
    async fn new(bus: &broadcast::Sender<Packet>, faults: Faults) -> (Self, Handle) {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let local = socket.local_addr().unwrap();
        let mut rtc = Rtc::builder()
            .set_rtp_mode(true)
            .set_ice_lite(true)
            .clear_codecs()
            .enable_opus(true, false)
            .enable_vp8(true)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(local, "udp").unwrap());
        let (handle, commands) = mpsc::unbounded_channel();
        let bus = bus.clone();
        (
            Self {
                rtc,
                socket,
                local,
                commands,
                bus,
                faults,
                is_closing: false,
                sending: Vec::new(),
            },
            handle,
        )
    }

    async fn run(mut self, mut pending: Option<str0m::change::SdpPendingOffer>) {
        let mut buffer = vec![0; 2_000];
        let mut packets = self.bus.subscribe();
        while let Some(next) = self.drain() {
            let wait = next.min(Instant::now() + Duration::from_millis(200));
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(Command::Restart(offer, reply)) => {
                        let offer = SdpOffer::from_sdp_string(&offer).unwrap();
                        let answer = self.rtc.sdp_api().accept_offer(offer).unwrap();
                        _ = reply.send(answer.to_sdp_string());
                    }
                    Some(Command::Answer(sdp, reply)) => {
                        let answer = SdpAnswer::from_sdp_string(&sdp).ok();
                        let accepted = answer.zip(pending.take()).is_some_and(|(answer, pending)| {
                            self.rtc.sdp_api().accept_answer(pending, answer).is_ok()
                        });
                        _ = reply.send(accepted);
                    }
                    Some(Command::Close) | None => {
                        _ = self.rtc.close();
                        self.is_closing = true;
                    }
                },
                received = self.socket.recv_from(&mut buffer) => {
                    let Ok((len, source)) = received else { continue };
                    let Ok(contents) = DatagramRecv::try_from(&buffer[..len]) else { continue };
                    let (proto, destination) = (Protocol::Udp, self.local);
                    let receive = Receive { proto, source, destination, contents };
                    _ = self.rtc.handle_input(Input::Receive(Instant::now(), receive));
                }
                Ok(packet) = packets.recv() => self.forward(packet),
                () = tokio::time::sleep_until(wait.into()) => {}
            }
            _ = self.rtc.handle_input(Input::Timeout(Instant::now()));
        }
    }

    /// Sends and tells what is due; `None` at the end.
    fn drain(&mut self) -> Option<Instant> {
        loop {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(at)) => {
                    return Some(at).filter(|_| self.rtc.is_alive() && !self.is_closing);
                }
                Ok(Output::Transmit(it)) => {
                    let is_rtcp = matches!(it.contents[..], [128..=191, 192..=223, ..]);
                    if !(is_rtcp && self.faults.no_rtcp) {
                        _ = self.socket.try_send_to(&it.contents, it.destination);
                    }
                }
                Ok(Output::Event(Event::RtpPacket(it))) => {
                    let codec = self.rtc.codec_config().params().iter();
                    let mut codec = codec.filter(|known| known.pt() == it.header.payload_type);
                    let is_audio = codec.any(|it| it.spec().codec == Codec::Opus);
                    let kind = if is_audio { MediaKind::Audio } else { MediaKind::Video };
                    _ = self.bus.send(Packet {
                        kind,
                        time: it.header.timestamp,
                        marker: it.header.marker,
                        payload: it.payload.to_vec(),
                    });
                }
                Ok(Output::Event(Event::MediaAdded(it))) => {
                    if it.direction == Direction::SendOnly {
                        self.sending.push(Outgoing { kind: it.kind, mid: it.mid, seq: 0 });
                    }
                }
                Ok(Output::Event(_)) => {}
                Err(_) => return None,
            }
        }
    }

    fn forward(&mut self, packet: Packet) {
        if self.faults.no_rtp || !self.rtc.is_connected() {
            return;
        }
        let codec = if packet.kind == MediaKind::Audio { Codec::Opus } else { Codec::Vp8 };
        let params = self.rtc.codec_config().params();
        let Some(pt) = params.iter().find(|it| it.spec().codec == codec).map(|it| it.pt()) else {
            return;
        };
        let Some(it) = self.sending.iter_mut().find(|it| it.kind == packet.kind) else { return };
        // Numbers of its own: the next publisher begins with others.
        it.seq += 1;
        let (mid, seq) = (it.mid, it.seq);
        let now = Instant::now();
        let write =
            RtpWrite::new(pt, seq.into(), packet.time, now, packet.payload).marker(packet.marker);
        if let Some(stream) = self.rtc.direct_api().stream_tx_by_mid(mid, None) {
            stream.write_rtp(write);
        }
    }
}
