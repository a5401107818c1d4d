//! What is remembered of the samples of a track, and the tables from it.

use mp4_atom::{
    AnySampleGroupEntry, Co64, FourCC, Sbgp, SbgpEntry, Sgpd, SgpdEntry, Stbl, Stco, Stsc,
    StscEntry, Stsd, Stss, Stsz, StszSamples, Stts, SttsEntry,
};

use super::super::MAX_LAST;
use super::super::batch::ticks;
use super::moov::timescale;
use crate::Track;

/// The bit of a size that says that the sample is a keyframe. Frames are far smaller.
const KEY: u32 = 1 << 31;

/// 80 ms, in units of a track of sound.
const PRE_ROLL: u32 = 3840;

/// Samples of a track that follow each other in the file: those of a fragment.
#[derive(Debug)]
struct Chunk {
    offset: u64,
    samples: u32,
}

/// All samples of a track: 8 bytes a sample and 16 bytes a chunk, which is one a second or a keyframe. A vector that
/// grows may have twice of it. At the end the tables need as much once more for a moment, and their bytes up to 12 a
/// sample.
#[derive(Debug)]
pub(super) struct Samples {
    first: Option<u64>,
    last: u64,
    /// Bytes of each sample, with [`KEY`].
    sizes: Vec<u32>,
    /// From each sample to the next one. The last sample has none yet.
    steps: Vec<u32>,
    chunks: Vec<Chunk>,
    /// How long a sample is shown when there is no other to tell.
    default_step: u32,
    /// How long the last sample is shown at most.
    max_last: u32,
}

impl Samples {
    pub(super) fn new(track: &Track) -> Self {
        // A picture of 30 a second, or a packet of 20 ms.
        let a_second = if track.is_video() { 30 } else { 50 };
        let timescale = timescale(track);
        Self {
            first: None,
            last: 0,
            sizes: Vec::new(),
            steps: Vec::new(),
            chunks: Vec::new(),
            default_step: timescale / a_second,
            max_last: u32::try_from(ticks(MAX_LAST, timescale)).unwrap_or(u32::MAX),
        }
    }

    /// Begins a chunk at this offset in the file.
    pub(super) fn begin_chunk(&mut self, offset: u64) {
        self.chunks.push(Chunk { offset, samples: 0 });
    }

    /// Adds a sample to the newest chunk.
    pub(super) fn push(&mut self, time: u64, size: u32, is_key: bool) {
        let Some(chunk) = self.chunks.last_mut() else { return };
        chunk.samples += 1;
        if self.first.is_none() {
            self.first = Some(time);
        } else {
            self.steps.push(u32::try_from(time.saturating_sub(self.last)).unwrap_or(u32::MAX));
        }
        self.last = time;
        self.sizes.push(if is_key { size | KEY } else { size & !KEY });
    }

    pub(super) fn first(&self) -> Option<u64> {
        self.first
    }

    /// The time of the newest sample.
    pub(super) fn last(&self) -> Option<u64> {
        self.first.map(|_| self.last)
    }

    /// How long the last sample is shown: as long as the one before.
    pub(super) fn last_step(&self) -> u32 {
        self.guess(self.steps.last().copied().unwrap_or(self.default_step))
    }

    /// How long a sample is shown when the next one is not known, and the one before was shown for `step`.
    pub(super) fn guess(&self, step: u32) -> u32 {
        step.min(self.max_last)
    }

    /// From the first sample to the end of the last one. It is what the tables add up to.
    pub(super) fn duration(&self) -> u64 {
        let sum: u64 = self.steps.iter().map(|step| u64::from(*step)).sum();
        if self.first.is_some() { sum + u64::from(self.last_step()) } else { 0 }
    }

    /// The tables of the track.
    pub(super) fn into_tables(mut self, stsd: Stsd, is_video: bool) -> Stbl {
        if self.first.is_some() {
            self.steps.push(self.last_step());
        }
        let keys = || {
            let is_key = |size: &u32| size & KEY != 0;
            let numbers = (1..).zip(&self.sizes);
            numbers.filter(|(_, size)| is_key(size)).map(|(number, _)| number).collect()
        };
        // Without this table all samples are keyframes, as packets of sound are.
        let stss = is_video.then(|| Stss { entries: keys() });
        let roll = (!is_video).then(|| self.roll());
        let (sgpd, sbgp) = roll.into_iter().unzip();
        let offsets = self.chunks.iter().map(|chunk| chunk.offset);
        let short: Result<Vec<u32>, _> = offsets.clone().map(u32::try_from).collect();
        let (stco, co64) = match short {
            Ok(entries) => (Some(Stco { entries }), None),
            Err(_) => (None, Some(Co64 { entries: offsets.collect() })),
        };
        Stbl {
            stsd,
            stts: Stts { entries: runs(std::mem::take(&mut self.steps)) },
            stss,
            stsc: Stsc { entries: chunk_runs(&self.chunks) },
            stco,
            co64,
            stsz: Stsz {
                samples: StszSamples::Different {
                    // In place: the sizes are not copied.
                    sizes: self.sizes.into_iter().map(|size| size & !KEY).collect(),
                },
            },
            sgpd,
            sbgp,
            ..Stbl::default()
        }
    }

    /// From how many packets before a place Opus is decoded: 80 ms (the mapping of Opus to ISO 14496-12, section 4.3.6).
    fn roll(&self) -> (Sgpd, Sbgp) {
        const TYPE: FourCC = FourCC::new(b"roll");
        let packets = PRE_ROLL.div_ceil(self.last_step().max(1));
        let distance = i16::try_from(packets).map_or(i16::MIN, |packets| -packets);
        let sgpd = Sgpd {
            grouping_type: TYPE,
            default_length: Some(2),
            default_group_description_index: None,
            static_group_description: false,
            static_mapping: false,
            essential: false,
            entries: vec![SgpdEntry {
                description_length: Some(2),
                entry: AnySampleGroupEntry::UnknownGroupingType(
                    TYPE,
                    distance.to_be_bytes().to_vec(),
                ),
            }],
        };
        let all = SbgpEntry {
            sample_count: u32::try_from(self.sizes.len()).unwrap_or(u32::MAX),
            group_description_index: 1,
        };
        let sbgp = Sbgp { grouping_type: TYPE, grouping_type_parameter: None, entries: vec![all] };
        (sgpd, sbgp)
    }
}

/// Equal steps that follow each other, counted.
fn runs(steps: Vec<u32>) -> Vec<SttsEntry> {
    let mut entries: Vec<SttsEntry> = Vec::new();
    for step in steps {
        match entries.last_mut() {
            Some(run) if run.sample_delta == step => run.sample_count += 1,
            _ => entries.push(SttsEntry { sample_count: 1, sample_delta: step }),
        }
    }
    entries
}

/// Chunks with as many samples as the one before are left out.
fn chunk_runs(chunks: &[Chunk]) -> Vec<StscEntry> {
    let mut entries: Vec<StscEntry> = Vec::new();
    for (first_chunk, chunk) in (1..).zip(chunks) {
        if entries.last().is_none_or(|run| run.samples_per_chunk != chunk.samples) {
            entries.push(StscEntry {
                first_chunk,
                samples_per_chunk: chunk.samples,
                sample_description_index: 1,
            });
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AudioTrack, Track};

    #[test]
    fn offsets_behind_4_gib_have_64_bits() {
        let mut samples = Samples::new(&Track::Audio(AudioTrack { channels: 2 }));
        for (n, offset) in (0..).zip([1000, 5 << 32]) {
            samples.begin_chunk(offset);
            samples.push(n * 960, 100, true);
        }
        let tables = samples.into_tables(Stsd::default(), false);
        assert_eq!(tables.stco, None);
        assert_eq!(tables.co64, Some(Co64 { entries: vec![1000, 5 << 32] }));
    }
}
