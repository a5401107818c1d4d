//! Reads WebM files, and shares no line with what writes them.

use std::time::Duration;

use super::common::Sample;

/// An element: id, where it begins, body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) id: u32,
    pub(crate) at: usize,
    pub(crate) body: &'a [u8],
}

fn number(bytes: &[u8], keep_marker: bool) -> (u64, usize) {
    let len = bytes[0].leading_zeros() as usize + 1;
    let value = bytes[..len].iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
    (if keep_marker { value } else { value & !(1 << (7 * len)) }, len)
}

/// The elements of a body that begins at `base` in the file.
pub(crate) fn elements(body: &[u8], base: usize) -> Vec<Element<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let (id, id_len) = number(&body[at..], true);
        let (size, size_len) = number(&body[at + id_len..], false);
        let begin = at + id_len + size_len;
        // A segment of unknown size goes on to the end.
        let end = if size == (1 << 56) - 1 { body.len() } else { begin + size as usize };
        found.push(Element { id: id as u32, at: base + at, body: &body[begin..end] });
        at = end;
    }
    found
}

pub(crate) fn uint(body: &[u8]) -> u64 {
    body.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

pub(crate) fn float(body: &[u8]) -> f64 {
    f64::from_be_bytes(body.try_into().unwrap())
}

/// A file as it is read.
pub(crate) struct File<'a> {
    pub(crate) doc_type: String,
    pub(crate) segment_at: usize,
    pub(crate) top: Vec<Element<'a>>,
}

impl<'a> File<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Self {
        let top = elements(bytes, 0);
        assert_eq!(top.iter().map(|e| e.id).collect::<Vec<_>>(), [0x1A45_DFA3, 0x1853_8067]);
        let doc_type = elements(top[0].body, 0).into_iter().find(|e| e.id == 0x4282).unwrap();
        let segment_at = bytes.len() - top[1].body.len();
        Self {
            doc_type: String::from_utf8(doc_type.body.to_vec()).unwrap(),
            segment_at,
            top: elements(top[1].body, segment_at),
        }
    }

    pub(crate) fn find(&self, id: u32) -> Option<Element<'a>> {
        self.top.iter().copied().find(|element| element.id == id)
    }

    pub(crate) fn duration_ms(&self) -> Option<f64> {
        let info = self.find(0x1549_A966).unwrap();
        elements(info.body, 0).iter().find(|e| e.id == 0x4489).map(|e| float(e.body))
    }

    /// What a TrackEntry has of an element, at any depth.
    pub(crate) fn in_track(&self, track: usize, path: &[u32]) -> Option<&'a [u8]> {
        let mut body = elements(self.find(0x1654_AE6B).unwrap().body, 0)[track].body;
        for id in path {
            body = elements(body, 0).iter().find(|e| e.id == *id)?.body;
        }
        Some(body)
    }

    pub(crate) fn clusters(&self) -> Vec<Element<'a>> {
        self.top.iter().copied().filter(|element| element.id == 0x1F43_B675).collect()
    }

    /// The frames of a track, and for each how long it says that it is shown.
    pub(crate) fn samples(&self, track: usize) -> Vec<(Sample, Option<u64>)> {
        self.clusters().iter().flat_map(|cluster| samples(cluster, track)).collect()
    }

    /// Time in milliseconds, track, and the cluster's index for each cue.
    pub(crate) fn cues(&self) -> Vec<(u64, u64, usize)> {
        let clusters = self.clusters();
        let cue = |point: Element<'_>| {
            let get = |body, id| elements(body, 0).iter().find(|e| e.id == id).unwrap().body;
            let positions = get(point.body, 0xB7);
            let at = self.segment_at + uint(get(positions, 0xF1)) as usize;
            let cluster = clusters.iter().position(|cluster| cluster.at == at).unwrap();
            (uint(get(point.body, 0xB3)), uint(get(positions, 0xF7)), cluster)
        };
        let cues = self.find(0x1C53_BB6B).unwrap();
        elements(cues.body, 0).into_iter().map(cue).collect()
    }
}

pub(crate) fn samples(cluster: &Element<'_>, track: usize) -> Vec<(Sample, Option<u64>)> {
    let parts = elements(cluster.body, 0);
    assert_eq!(parts[0].id, 0xE7, "the timestamp comes first");
    let begin = uint(parts[0].body);
    let mut samples = Vec::new();
    for part in &parts[1..] {
        let group = elements_of_group(part);
        let block = group.iter().find(|e| matches!(e.id, 0xA1 | 0xA3)).unwrap().body;
        let duration = group.iter().find(|e| e.id == 0x9B).map(|e| uint(e.body));
        let is_key = match part.id {
            0xA3 => block[3] & 0x80 != 0,
            _ => group.iter().all(|e| e.id != 0xFB),
        };
        if block[0] as usize != 0x81 + track {
            continue;
        }
        let offset = i16::from_be_bytes([block[1], block[2]]);
        let at = begin.checked_add_signed(i64::from(offset)).unwrap();
        let at = Duration::from_millis(at);
        samples.push((Sample { at, is_key, data: block[4..].to_vec() }, duration));
    }
    samples
}

fn elements_of_group<'a>(part: &Element<'a>) -> Vec<Element<'a>> {
    match part.id {
        0xA0 => elements(part.body, 0),
        0xA3 => vec![*part],
        id => panic!("no element {id:x} in a cluster"),
    }
}
