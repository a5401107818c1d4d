//! A picture of a room, from a keyframe as it was sent: nothing is decoded.
//!
//! | codec | becomes |
//! | --- | --- |
//! | VP8 | WebP: a RIFF header and the keyframe (the "simple" form) |
//! | AV1 | AVIF: a box of properties and the keyframe |
//! | H264, VP9 | MP4 of one frame, for a paused `<video>` |

mod avif;

use std::time::{Duration, Instant};

use media_api::{Seat, TapPacket};

use crate::container::{Format, Writer};
use crate::depacketize::{Media, Stream, StreamEvent};
use crate::frame::{Frame, Track, VideoCodec, VideoTrack};

/// The least time between two pictures of a room.
const EVERY: Duration = Duration::from_secs(5);

/// After so long without a keyframe, one is asked for.
const ASK_AFTER: Duration = Duration::from_secs(15);

/// The largest picture, in bytes.
const MAX_BYTES: usize = 100_000;

/// A layer that is as wide is good enough, in pixels; the narrowest of those is taken.
const WIDE: u32 = 320;

/// A layer without a packet for this long is off.
const SILENCE: Duration = Duration::from_secs(1);

/// The most layers that are looked at.
const MAX_LAYERS: usize = 8;

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Still {
    /// `image/webp`, `image/avif`, or `video/mp4` of one frame.
    pub mime: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// In pixels, before it is turned.
    pub width: u32,
    /// In pixels, before it is turned.
    pub height: u32,
}

/// Makes pictures of one room.
#[derive(Debug, Default)]
pub(crate) struct Stills {
    layers: Vec<Layer>,
    made_at: Option<Instant>,
    begun: Option<Instant>,
    asked_at: Option<Instant>,
}

/// One stream of pictures of the host.
#[derive(Debug)]
struct Layer {
    ssrc: u32,
    heard: Instant,
    /// Puts a keyframe together, while a picture is due.
    stream: Option<Stream>,
    /// The sides of its last keyframe; none before the first.
    size: Option<(u32, u32)>,
    /// Whether its keyframes are larger than a picture may be.
    is_too_large: bool,
}

impl Stills {
    /// Takes a packet of the room's tap. A picture comes at most every five seconds.
    pub(crate) fn push(&mut self, packet: &TapPacket) -> Option<Still> {
        let now = packet.arrived;
        if packet.seat != Seat::HOST || !packet.codec.is_video() {
            return None;
        }
        self.begun.get_or_insert(now);
        let is_due = self.made_at.is_none_or(|at| now.saturating_duration_since(at) >= EVERY);
        self.layers.retain(|it| {
            it.ssrc == packet.ssrc || now.saturating_duration_since(it.heard) < SILENCE
        });
        let layer = self.layer(packet)?;
        layer.heard = now;
        // A layer whose size is not known may be the one to show.
        if !is_due && layer.size.is_some() {
            layer.stream = None;
            return None;
        }
        let stream = layer.stream.get_or_insert_with(|| Stream::new(packet.codec));
        stream.push(packet.clone());
        let mut key = None;
        while let Some(event) = stream.poll() {
            match event {
                StreamEvent::Frame(Media { video: Some(video), data, is_key: true, .. }) => {
                    key = Some((video, data));
                }
                StreamEvent::Frame(_) | StreamEvent::Lost => {}
            }
        }
        let (video, data) = key?;
        layer.size = Some((video.width, video.height));
        let is_small = data.len() <= MAX_BYTES;
        layer.is_too_large = !is_small;
        let ssrc = layer.ssrc;
        if !is_due || !is_small || self.chosen() != Some(ssrc) {
            return None;
        }
        let still = still(&video, data)?;
        self.made_at = Some(now);
        Some(still)
    }

    /// The stream that is to send a keyframe, if none has come for long.
    pub(crate) fn tick(&mut self, now: Instant) -> Option<u32> {
        let since = [self.made_at, self.asked_at, self.begun].into_iter().flatten().max()?;
        if now.saturating_duration_since(since) < ASK_AFTER {
            return None;
        }
        self.asked_at = Some(now);
        self.chosen().or_else(|| self.layers.first().map(|it| it.ssrc))
    }

    /// The narrowest layer that is wide enough, or the widest one. One whose size is not known yet may be it.
    fn chosen(&self) -> Option<u32> {
        let known = || self.layers.iter().filter(|it| !it.is_too_large);
        let sized = || known().filter_map(|it| Some((it.ssrc, it.size?)));
        let wide = sized().filter(|(_, size)| size.0.max(size.1) >= WIDE);
        let narrowest = wide.min_by_key(|(_, size)| size.0);
        narrowest.or_else(|| sized().max_by_key(|(_, size)| size.0)).map(|(ssrc, _)| ssrc)
    }

    fn layer(&mut self, packet: &TapPacket) -> Option<&mut Layer> {
        let ssrc = packet.ssrc;
        if !self.layers.iter().any(|it| it.ssrc == ssrc) {
            if self.layers.len() >= MAX_LAYERS {
                return None;
            }
            let heard = packet.arrived;
            self.layers.push(Layer { ssrc, heard, stream: None, size: None, is_too_large: false });
        }
        self.layers.iter_mut().find(|it| it.ssrc == ssrc)
    }
}

/// Wraps a keyframe.
fn still(video: &VideoTrack, data: Vec<u8>) -> Option<Still> {
    let (width, height) = (video.width, video.height);
    let (mime, bytes) = match video.codec {
        VideoCodec::Vp8 => ("image/webp", webp(&data)?),
        VideoCodec::Av1 => ("image/avif", avif::write(video, &data)?),
        VideoCodec::H264 | VideoCodec::Vp9 => ("video/mp4", movie(video, data)?),
    };
    Some(Still { mime, bytes, width, height })
}

/// RFC 9649, section 2.5: a RIFF file of one chunk, padded to an even length.
fn webp(data: &[u8]) -> Option<Vec<u8>> {
    let len = u32::try_from(data.len()).ok()?;
    let padding = len % 2;
    let mut bytes = Vec::with_capacity(data.len() + 21);
    bytes.extend_from_slice(b"RIFF");
    bytes.extend_from_slice(&(len + padding + 12).to_le_bytes());
    bytes.extend_from_slice(b"WEBPVP8 ");
    bytes.extend_from_slice(&len.to_le_bytes());
    bytes.extend_from_slice(data);
    if padding == 1 {
        bytes.push(0);
    }
    Some(bytes)
}

fn movie(video: &VideoTrack, data: Vec<u8>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut writer = Writer::begin(Format::Mp4, &[Track::Video(video.clone())], &mut bytes).ok()?;
    let frame = Frame { track: 0, at: Duration::ZERO, is_key: true, data };
    writer.write(frame, &mut bytes).ok()?;
    writer.flush(&mut bytes).ok()?;
    let finished = writer.finish().ok()?;
    bytes.extend_from_slice(&finished.tail);
    for patch in finished.patches {
        let begin = usize::try_from(patch.offset).ok()?;
        bytes.get_mut(begin..begin + patch.bytes.len())?.copy_from_slice(&patch.bytes);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests;
