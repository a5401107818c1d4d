//! The types that a viewer and its egress exchange.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Instant;

use crate::egress::CaptureTime;
use crate::media::codec::{dependency_descriptor, vp8};
use crate::media::header_ext::HeaderExtensions;
use crate::media::packet::NO_PAYLOAD;
use media_api::{MediaKind, Seat};

/// One packet for one viewer, with the viewer's own numbering.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    /// Whose it is.
    pub(crate) seat: Seat,
    pub(crate) kind: MediaKind,
    /// The payload type from [`crate::egress::Egress::payload_type`].
    pub(crate) payload_type: u8,
    /// Extended sequence number.
    pub(crate) seq: u64,
    /// RTP timestamp.
    pub(crate) ts: u32,
    /// Bytes of RTP padding (RFC 3550, section 5.1), which gives the packets of a frame one size.
    pub(crate) padding: u8,
    /// RTP marker bit.
    pub(crate) marker: bool,
    /// Header extensions that describe the media, as bytes.
    pub(crate) header_ext: &'a HeaderExtensions,
    /// The dependency descriptor, and its frame number for this viewer.
    pub(crate) dependency: Option<(&'a dependency_descriptor::Descriptor, u16)>,
    /// The payload, shared by all viewers. It is empty in a packet that replaces a dropped one.
    pub(crate) payload: &'a Arc<[u8]>,
    /// The change to the VP8 payload descriptor for this viewer.
    pub(crate) vp8_patch: Option<vp8::Patch>,
    /// The capture time in our clock, from which sender reports are made.
    pub(crate) captured: Instant,
}

impl Outgoing<'_> {
    /// Removes the payload. The packet keeps its sequence number, and gets one byte of padding, the least
    /// that a packet can consist of.
    pub(crate) fn empty(&mut self) {
        self.padding = 1;
        self.marker = false;
        self.header_ext = HeaderExtensions::none();
        self.dependency = None;
        self.payload = &NO_PAYLOAD;
        self.vp8_patch = None;
    }
}

/// An output of an egress.
#[derive(Debug)]
pub(crate) enum Output {
    /// ICE and DTLS have connected.
    Connected,
    /// The viewer cannot decode and needs a keyframe (PLI or FIR).
    KeyframeWanted,
    /// When the media that it is sent were captured: the first time, and when that has moved.
    Captured(CaptureTime),
    /// No more output before this time, unless there is input.
    Timeout(Instant),
}
