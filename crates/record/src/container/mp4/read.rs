//! Atoms of a file that was cut off.

use mp4_atom::{Atom, Dops, Tfdt, Tfhd, Tkhd, Trun};

use super::super::MAX_TRACKS;
use super::atoms::{AUDIO_LEN, Atoms, VISUAL_LEN, find, leaf};
use super::moov::rotation;
use crate::{AudioTrack, Track, VideoCodec, VideoTrack};

/// The tracks of a moov that [`super::moov::growing`] made.
pub(super) fn tracks(moov: &[u8]) -> Option<Vec<Track>> {
    let traks = Atoms(moov).filter(|(kind, _)| kind == b"trak");
    let tracks: Vec<Track> = traks.map(|(_, body)| track(body)).collect::<Option<_>>()?;
    (1..=MAX_TRACKS).contains(&tracks.len()).then_some(tracks)
}

fn track(trak: &[u8]) -> Option<Track> {
    let tkhd: Tkhd = leaf(trak, *b"tkhd")?;
    let minf = find(find(trak, b"mdia")?, b"minf")?;
    let stsd = find(find(minf, b"stbl")?, b"stsd")?;
    // Version, flags and the number of entries.
    let (kind, entry) = Atoms(stsd.get(8..)?).next()?;
    let (codec, record) = match &kind {
        b"vp09" => (VideoCodec::Vp9, b"vpcC"),
        b"avc1" => (VideoCodec::H264, b"avcC"),
        b"av01" => (VideoCodec::Av1, b"av1C"),
        b"Opus" => {
            let dops: Dops = leaf(entry.get(AUDIO_LEN..)?, *b"dOps")?;
            return Some(Track::Audio(AudioTrack { channels: dops.output_channel_count }));
        }
        _ => return None,
    };
    let size = |at: usize| entry.get(at..)?.first_chunk().map(|size| u16::from_be_bytes(*size));
    Some(Track::Video(VideoTrack {
        codec,
        width: u32::from(size(24)?),
        height: u32::from(size(26)?),
        rotation: rotation(tkhd.matrix.a, tkhd.matrix.b),
        config: find(entry.get(VISUAL_LEN..)?, record)?.to_vec(),
    }))
}

/// The samples of a track in a fragment.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) track: usize,
    pub(super) begin: u64,
    /// Where the first sample is, from the begin of the moof.
    pub(super) offset: u64,
    pub(super) samples: Vec<Sample>,
}

/// A sample of a fragment.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) step: u32,
    pub(super) size: u32,
    pub(super) flags: u32,
}

/// The runs of a moof that [`super::fragment::write`] made.
pub(super) fn runs(moof: &[u8]) -> Option<Vec<Run>> {
    Atoms(moof).filter(|(kind, _)| kind == b"traf").map(|(_, body)| run(body)).collect()
}

fn run(traf: &[u8]) -> Option<Run> {
    let tfhd: Tfhd = leaf(traf, *b"tfhd")?;
    let tfdt: Tfdt = leaf(traf, *b"tfdt")?;
    // A run may count samples that have no bytes in it. Ours have: so there are no more than the atom is long.
    let mut body = find(traf, b"trun")?;
    let trun = Trun::decode_body(&mut body).ok()?;
    let mp4_atom::TrunSamples::Explicit(entries) = &trun.samples else { return None };
    let sample = |entry: &mp4_atom::TrunEntry| {
        Some(Sample { step: entry.duration?, size: entry.size?, flags: entry.flags? })
    };
    Some(Run {
        track: usize::try_from(tfhd.track_id).ok()?.checked_sub(1)?,
        begin: tfdt.base_media_decode_time,
        offset: u64::try_from(trun.data_offset?).ok()?,
        samples: entries.iter().map(sample).collect::<Option<_>>()?,
    })
}
