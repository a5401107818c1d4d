//! What passes between a viewer and its egress.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Instant;

use crate::media::codec::{dependency_descriptor, vp8};
use crate::media::header_ext::HeaderExtensions;
use crate::media::packet::NO_PAYLOAD;
use media_api::MediaKind;

/// One packet on its way to one viewer, its numbers already the viewer's own.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    /// Which track.
    pub(crate) kind: MediaKind,
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
    /// Header extensions that describe the media, as bytes.
    pub(crate) header_ext: &'a HeaderExtensions,
    /// The dependency descriptor, and the frame number that it has for this viewer.
    pub(crate) dependency: Option<(&'a dependency_descriptor::Descriptor, u16)>,
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
        self.header_ext = HeaderExtensions::none();
        self.dependency = None;
        self.payload = &NO_PAYLOAD;
        self.vp8_patch = None;
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
