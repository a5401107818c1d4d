//! Packets as bytes.
//!
//! ```text
//! length u32 │ seat u8  codec u8  flags u8  rid length u8  rid …
//!            │ ssrc u32  ts u32  seq u64  captured i64  arrived i64 │ payload
//! ```
//!
//! Big endian. The length is of what follows it; times are in microseconds since the epoch of the past.

use std::sync::Arc;
use std::time::{Duration, Instant};

use media_api::{Codec, Name, RoomId, Seat, TapPacket};

/// The longest packet, in bytes: longer ones come from no socket.
pub(super) const MAX_BYTES: usize = 4 * 1024;

const MARKER: u8 = 1;
const KEYFRAME: u8 = 2;
/// The lowest three bits of the orientation are behind it.
const TURNED: u8 = 4;
const TURN_SHIFT: u8 = 3;

/// Appends a packet.
pub(super) fn write(packet: &TapPacket, epoch: Instant, out: &mut Vec<u8>) {
    let begin = out.len();
    out.extend_from_slice(&[0; 4]);
    let rid = packet.rid.as_ref().map_or("", Name::as_str);
    let mut flags = u8::from(packet.marker) * MARKER + u8::from(packet.is_keyframe) * KEYFRAME;
    if let Some(orientation) = packet.orientation {
        flags |= TURNED | (orientation & 0b11) << TURN_SHIFT;
    }
    out.extend_from_slice(&[packet.seat.number(), code(packet.codec), flags, rid.len() as u8]);
    out.extend_from_slice(rid.as_bytes());
    out.extend_from_slice(&packet.ssrc.to_be_bytes());
    out.extend_from_slice(&packet.ts.to_be_bytes());
    out.extend_from_slice(&packet.seq.to_be_bytes());
    out.extend_from_slice(&micros(packet.captured, epoch).to_be_bytes());
    out.extend_from_slice(&micros(packet.arrived, epoch).to_be_bytes());
    out.extend_from_slice(&packet.payload);
    let len = (out.len() - begin - 4) as u32;
    if let Some(place) = out.get_mut(begin..begin + 4) {
        place.copy_from_slice(&len.to_be_bytes());
    }
}

/// Reads what follows the length.
pub(super) fn read(bytes: &[u8], room: RoomId, epoch: Instant) -> Option<TapPacket> {
    let ([seat, codec, flags, rid_len], rest) = bytes.split_first_chunk()?;
    let (rid, rest) = rest.split_at_checked((*rid_len).into())?;
    let (ssrc, rest) = rest.split_first_chunk()?;
    let (ts, rest) = rest.split_first_chunk()?;
    let (seq, rest) = rest.split_first_chunk()?;
    let (captured, rest) = rest.split_first_chunk()?;
    let (arrived, payload) = rest.split_first_chunk()?;
    Some(TapPacket {
        room,
        seat: Seat::from_number(*seat)?,
        ssrc: u32::from_be_bytes(*ssrc),
        rid: Name::new(rid),
        codec: decode(*codec)?,
        seq: u64::from_be_bytes(*seq),
        ts: u32::from_be_bytes(*ts),
        marker: flags & MARKER != 0,
        is_keyframe: flags & KEYFRAME != 0,
        orientation: (flags & TURNED != 0).then_some(flags >> TURN_SHIFT & 0b11),
        captured: moment(i64::from_be_bytes(*captured), epoch)?,
        arrived: moment(i64::from_be_bytes(*arrived), epoch)?,
        payload: Arc::from(payload),
    })
}

fn code(codec: Codec) -> u8 {
    match codec {
        Codec::Opus => 0,
        Codec::Vp8 => 1,
        Codec::Vp9 => 2,
        Codec::H264 => 3,
        Codec::Av1 => 4,
    }
}

fn decode(code: u8) -> Option<Codec> {
    Some(match code {
        0 => Codec::Opus,
        1 => Codec::Vp8,
        2 => Codec::Vp9,
        3 => Codec::H264,
        4 => Codec::Av1,
        _ => return None,
    })
}

fn micros(at: Instant, epoch: Instant) -> i64 {
    let micros = |it: Duration| i64::try_from(it.as_micros()).unwrap_or(i64::MAX);
    match at.checked_duration_since(epoch) {
        Some(after) => micros(after),
        None => -micros(epoch.saturating_duration_since(at)),
    }
}

fn moment(micros: i64, epoch: Instant) -> Option<Instant> {
    let distance = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
}
