//! The sending half of one viewer, behind a trait, so that the room does not know how a packet
//! becomes a datagram. [`lean::LeanEgress`] is what viewers are served by; [`rtc::RtcEgress`], one str0m
//! session a viewer, is the reference that it is compared with.

pub(crate) mod lean;
pub(crate) mod rtc;
pub(crate) mod sdp;

use std::fmt::Debug;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use str0m::rtp::ExtensionValues;

use crate::datagram::Datagram;
use crate::elements::Elements;
use crate::outbox::Outbox;
use crate::rtp::Format;
use crate::{CloseReason, Codec, NegotiationError, dependency, vp8};

/// What padding alone carries.
pub(crate) static NO_PAYLOAD: LazyLock<Arc<[u8]>> = LazyLock::new(|| Arc::from([]));

/// Sound or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

impl Kind {
    /// Ticks of the RTP timestamp a second.
    pub(crate) fn clock_rate(self) -> u32 {
        match self {
            Self::Audio => 48_000,
            Self::Video => 90_000,
        }
    }
}

/// One packet on its way to one viewer, its numbers already the viewer's own.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    /// Which track.
    pub(crate) kind: Kind,
    /// The payload type that [`Egress::payload_type`] gave.
    pub(crate) payload_type: u8,
    /// Extended sequence number.
    pub(crate) seq: u64,
    /// RTP timestamp.
    pub(crate) ts: u32,
    /// Bytes of RTP padding (RFC 3550, section 5.1), so that packets of a frame are of one size.
    pub(crate) padding: u8,
    /// RTP marker bit.
    pub(crate) marker: bool,
    /// Header extensions that describe the media.
    pub(crate) extensions: &'a ExtensionValues,
    /// The same, as bytes.
    pub(crate) elements: &'a Elements,
    /// The dependency descriptor, and the frame number that it has for this viewer.
    pub(crate) dependency: Option<(&'a dependency::Descriptor, u16)>,
    /// The payload, shared by all viewers; one without content stands for a packet that is left out.
    pub(crate) payload: &'a Arc<[u8]>,
    /// What differs for this viewer in the VP8 payload descriptor.
    pub(crate) vp8_patch: Option<vp8::Patch>,
    /// When it was captured, in our clock; sender reports are made of it.
    pub(crate) captured: Instant,
}

impl Outgoing<'_> {
    /// Takes the content out: what is left has a number and the least padding that a packet can consist of.
    pub(crate) fn empty(&mut self) {
        self.padding = 1;
        self.marker = false;
        self.elements = Elements::none();
        self.dependency = None;
        self.payload = &NO_PAYLOAD;
        self.vp8_patch = None;
    }
}

/// What a datagram was to an egress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receipt {
    /// Not for this viewer.
    Foreign,
    /// The viewer's; something may be due at once.
    Taken,
    /// The viewer's; what it says can wait until the viewer is served anyway: with the next packet, or
    /// at its deadline.
    CanWait,
    /// The viewer's, before the answer that it needs: to be handled again once that is here.
    Early,
}

impl From<bool> for Receipt {
    /// Of whether it was the viewer's.
    fn from(is_taken: bool) -> Self {
        if is_taken { Self::Taken } else { Self::Foreign }
    }
}

/// What an egress yields.
#[derive(Debug)]
pub(crate) enum Output {
    /// ICE and DTLS are up.
    Connected,
    /// The viewer cannot decode and needs a keyframe (PLI or FIR).
    KeyframeWanted,
    /// Nothing more before this time.
    Timeout(Instant),
}

/// The sending half of one viewer. After every call that takes `&mut self` it is polled until it
/// yields a timeout.
pub(crate) trait Egress: Debug + Send {
    /// Makes an offer of sound and picture, the candidate of address `via` first.
    fn offer(&mut self, via: Option<IpAddr>) -> String;

    /// Makes the same offer with new ICE credentials.
    fn offer_ice_restart(&mut self, via: Option<IpAddr>) -> Result<String, NegotiationError>;

    /// Takes the answer to the last offer.
    fn accept_answer(&mut self, answer: &str, now: Instant) -> Result<(), NegotiationError>;

    /// Takes the viewer's own offer; returns the answer.
    fn accept_offer(
        &mut self,
        offer: &str,
        via: Option<IpAddr>,
        now: Instant,
    ) -> Result<String, NegotiationError>;

    /// Our ICE username fragment.
    fn ufrag(&mut self) -> String;

    /// Codecs that the viewer accepts.
    fn codecs(&self) -> Vec<Codec>;

    /// The payload type in which the viewer accepts this format; `None` when it cannot play it.
    fn payload_type(&self, kind: Kind, format: &Format) -> Option<u8>;

    /// Our address and the viewer's, between which media goes; an egress that does not tell is never
    /// handed over to another worker.
    fn path(&self) -> Option<(SocketAddr, SocketAddr)> {
        None
    }

    /// Takes a datagram.
    fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        now: Instant,
        out: &mut Outbox,
    ) -> Receipt;

    /// Reads a little of what serving it reads, so that the processor has it at hand by then. Returns
    /// a number that means nothing.
    fn warm(&self) -> u64 {
        0
    }

    /// The same for what is found by that.
    fn warm_logs(&self) -> u64 {
        0
    }

    /// Lets time pass.
    fn handle_timeout(&mut self, now: Instant);

    /// Sends a packet, now or when polled.
    fn forward(&mut self, packet: Outgoing<'_>, now: Instant, out: &mut Outbox);

    /// The next sequence number that the viewer asked to have repeated (generic NACK); the room's
    /// ring has the packet. An egress that keeps its own copies has none.
    fn next_request(&mut self) -> Option<u16> {
        None
    }

    /// The least time between two repetitions of one packet, in milliseconds: about a round trip.
    fn repeat_gap_ms(&self) -> u64 {
        0
    }

    /// Whether what is repeated is likely to get lost as well.
    fn is_lossy(&self) -> bool {
        false
    }

    /// Whether much gets lost now, and no queue is the reason.
    fn loses_much(&self) -> bool {
        false
    }

    /// Sends a packet again (RFC 4588), if that is within bounds.
    fn repeat(&mut self, _packet: Outgoing<'_>, _now: Instant, _out: &mut Outbox) {}

    /// What the viewer's link carries, in bits a second with all headers; `None` when it is not
    /// estimated: then the best layer is sent.
    fn estimate_bps(&self) -> Option<u64> {
        None
    }

    /// What arrives at the viewer, in bits a second.
    fn arriving_bps(&self) -> u64 {
        0
    }

    /// What is sent to the viewer, and what would be with the next better layer (0: there is none), in
    /// bits a second.
    fn set_demand(&mut self, _current_bps: u64, _next_bps: u64) {}

    /// Bytes that a probe of the link lacks now.
    fn probe_bytes(&mut self, _now: Instant) -> usize {
        0
    }

    /// Whether the viewer is known to read the picture. Before that nothing of it goes out on the
    /// retransmission stream unasked: pion drops a track whose retransmissions it reads first.
    fn is_picture_read(&self) -> bool {
        true
    }

    /// Fills a probe with a packet that was sent before, or without one with nothing.
    fn fill(&mut self, _packet: Option<Outgoing<'_>>, _now: Instant, _out: &mut Outbox) {}

    /// What comes next. Datagrams go to the outbox.
    fn poll(&mut self, now: Instant, out: &mut Outbox) -> Output;

    /// Whether ICE and DTLS are up.
    fn is_connected(&self) -> bool;

    /// Why the session is over, once it is.
    fn closed(&self) -> Option<CloseReason>;

    /// Says goodbye; the datagrams come with the next poll.
    fn close(&mut self);
}
