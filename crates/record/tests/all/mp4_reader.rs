//! Reads MP4 files as a player does: by the tables of a whole file, or fragment by fragment.

use std::time::Duration;

use mp4_atom::{Atom, Decode, Moof, Moov, StszSamples, Trak};

use super::common::Sample;

/// The atoms at the top of a file: kind, where the atom begins, where its body begins, where it ends.
pub(crate) fn top(bytes: &[u8]) -> Vec<(String, usize, usize, usize)> {
    let mut atoms = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let short = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        let kind = String::from_utf8(bytes[at + 4..at + 8].to_vec()).unwrap();
        let (head, size) = match short {
            1 => (16, u64::from_be_bytes(bytes[at + 8..at + 16].try_into().unwrap()) as usize),
            size => (8, size),
        };
        atoms.push((kind, at, at + head, at + size));
        at += size;
    }
    assert_eq!(at, bytes.len(), "the atoms fill the file");
    atoms
}

/// The moov at the end of a whole file.
pub(crate) fn moov(bytes: &[u8]) -> Moov {
    let atoms = top(bytes);
    let kinds: Vec<&str> = atoms.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, ["ftyp", "mdat", "moov"]);
    Moov::decode_body(&mut &bytes[atoms[2].2..]).unwrap()
}

fn time(ticks: u64, timescale: u32) -> Duration {
    // Rounded to microseconds: 90 kHz has no whole ones.
    let micros = (ticks * 1_000_000 + u64::from(timescale) / 2) / u64::from(timescale);
    Duration::from_micros(micros)
}

/// The samples of a track by its tables.
pub(crate) fn samples(bytes: &[u8], trak: &Trak) -> Vec<Sample> {
    let stbl = &trak.mdia.minf.stbl;
    let timescale = trak.mdia.mdhd.timescale;
    let StszSamples::Different { sizes } = &stbl.stsz.samples else { panic!("sizes differ") };
    let offsets: Vec<u64> = match (&stbl.stco, &stbl.co64) {
        (Some(stco), None) => stco.entries.iter().map(|offset| u64::from(*offset)).collect(),
        (None, Some(co64)) => co64.entries.clone(),
        _ => panic!("one table of offsets"),
    };
    let mut steps = stbl.stts.entries.iter().flat_map(|run| {
        std::iter::repeat_n(u64::from(run.sample_delta), run.sample_count as usize)
    });
    let mut ticks = 0;
    if let Some(elst) = trak.edts.as_ref().and_then(|edts| edts.elst.as_ref()) {
        assert_eq!(elst.entries.len(), 2);
        assert_eq!(elst.entries[0].media_time, None);
        assert_eq!(elst.entries[1].media_time, Some(0));
        // The file counts in 90 kHz.
        ticks = elst.entries[0].segment_duration * u64::from(timescale) / 90_000;
    }
    let mut samples = Vec::new();
    for (chunk, offset) in (1..).zip(offsets) {
        let run = stbl.stsc.entries.iter().rev().find(|run| run.first_chunk <= chunk).unwrap();
        let mut at = offset as usize;
        for _ in 0..run.samples_per_chunk {
            let number = samples.len() as u32 + 1;
            let end = at + sizes[samples.len()] as usize;
            samples.push(Sample {
                at: time(ticks, timescale),
                is_key: stbl.stss.as_ref().is_none_or(|stss| stss.entries.contains(&number)),
                data: bytes[at..end].to_vec(),
            });
            ticks += steps.next().unwrap();
            at = end;
        }
    }
    assert_eq!(samples.len(), sizes.len());
    assert_eq!(steps.next(), None);
    samples
}

/// The samples of each track of a file that grows, fragment by fragment, and the end of the last one in each fragment.
pub(crate) fn fragments(bytes: &[u8], timescales: &[u32]) -> Vec<Vec<Vec<Sample>>> {
    let mut fragments = Vec::new();
    for (kind, begin, _, end) in top(bytes) {
        if kind != "moof" {
            continue;
        }
        let moof = Moof::decode(&mut &bytes[begin..end]).unwrap();
        let mut tracks = vec![Vec::new(); timescales.len()];
        for traf in &moof.traf {
            let track = traf.tfhd.track_id as usize - 1;
            let mut ticks = traf.tfdt.as_ref().unwrap().base_media_decode_time;
            let mut at = begin + traf.trun[0].data_offset.unwrap() as usize;
            for entry in &traf.trun[0].samples {
                let len = entry.size.unwrap() as usize;
                tracks[track].push(Sample {
                    at: time(ticks, timescales[track]),
                    is_key: entry.flags.unwrap() & 0x1_0000 == 0,
                    data: bytes[at..at + len].to_vec(),
                });
                ticks += u64::from(entry.duration.unwrap());
                at += len;
            }
        }
        fragments.push(tracks);
    }
    fragments
}
