//! The RTP streams of guests to one viewer, and of the host's second picture.

use media_api::{MediaKind, Seat};
use rtp::srtp;

use super::stream::{RtpStream, To};
use crate::transport::sdp::{Remote, Ssrcs};

/// The streams of all guests that were ever negotiated with one viewer, by seat: at most [`media_api::MAX_GUESTS`] and the host's second picture.
#[derive(Debug, Default)]
pub(super) struct GuestStreams(Vec<Option<Box<OfGuest>>>);

/// The streams of one guest's seat.
#[derive(Debug)]
pub(super) struct OfGuest {
    pub(super) ssrcs: Ssrcs,
    audio: RtpStream,
    video: RtpStream,
    rtx: RtpStream,
    /// The next index of the retransmission stream.
    pub(super) rtx_index: u64,
}

impl GuestStreams {
    /// Makes the streams of guests that are new, and takes over the negotiated header extensions. `ssrcs` are the
    /// host's.
    pub(super) fn negotiated(&mut self, remote: &Remote, ssrcs: Ssrcs, keys: &mut srtp::Sender) {
        for (line, media) in remote.guests() {
            let Some(at) = line.seat.index_beside_host().map(usize::from) else { continue };
            if self.0.len() <= at {
                self.0.resize_with(at + 1, || None);
            }
            let Some(slot) = self.0.get_mut(at) else { continue };
            if slot.is_none() {
                *slot = OfGuest::new(ssrcs.of(line.seat), keys).map(Box::new);
            }
            let Some(streams) = slot else { continue };
            match line.kind {
                MediaKind::Audio => streams.audio.negotiated(media),
                MediaKind::Video => {
                    streams.video.negotiated(media);
                    streams.rtx.negotiated(media);
                }
            }
        }
    }

    /// The streams of a guest; `None` for the host.
    pub(super) fn get_mut(&mut self, seat: Seat) -> Option<&mut OfGuest> {
        self.0.get_mut(usize::from(seat.index_beside_host()?))?.as_deref_mut()
    }

    /// All streams.
    pub(super) fn streams(&self) -> impl Iterator<Item = &RtpStream> {
        self.0.iter().flatten().flat_map(|it| [&it.audio, &it.video, &it.rtx])
    }

    /// Packets on the retransmission streams.
    pub(super) fn n_repeats(&self) -> u64 {
        self.0.iter().flatten().map(|it| it.rtx.n_sent).sum()
    }

    /// All streams of sound and picture, with their SSRCs.
    pub(super) fn media(&self) -> impl Iterator<Item = (&RtpStream, u32)> {
        let all = self.0.iter().flatten();
        all.flat_map(|it| [(&it.audio, it.ssrcs.audio), (&it.video, it.ssrcs.video)])
    }
}

impl OfGuest {
    fn new(ssrcs: Ssrcs, keys: &mut srtp::Sender) -> Option<Self> {
        let mut stream = |ssrc| Some(RtpStream::new(keys.stream(ssrc)?));
        let (audio, video, rtx) = (stream(ssrcs.audio)?, stream(ssrcs.video)?, stream(ssrcs.rtx)?);
        Some(Self { ssrcs, audio, video, rtx, rtx_index: 1 })
    }

    pub(super) fn stream_mut(&mut self, to: To) -> (&mut RtpStream, u32) {
        match to {
            To::Audio => (&mut self.audio, self.ssrcs.audio),
            To::Video => (&mut self.video, self.ssrcs.video),
            To::Rtx(_) | To::Padding => (&mut self.rtx, self.ssrcs.rtx),
        }
    }
}
