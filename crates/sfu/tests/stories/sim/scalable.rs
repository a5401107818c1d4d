//! Layers inside one stream, as browsers arrange them: what each frame needs, and how its packets say so.

use std::sync::Arc;

use str0m::rtp::{Extension, ExtensionMap, ExtensionSerializer, ExtensionValues};

const URI: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// The layers of one frame, and what it needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Scaled {
    pub(crate) spatial: u8,
    pub(crate) temporal: u8,
    /// Whether who has only lower temporal layers can begin with it (VP8), or go up behind it (VP9).
    pub(crate) is_switch: bool,
    /// Its place among the templates of the dependency descriptor.
    template: u8,
    /// Numbers and spatial layers of the frames that it needs.
    pub(crate) needs: Vec<(u32, u8)>,
}

impl Scaled {
    /// The frame of a stream without layers: it needs the one before.
    pub(crate) fn single(number: u32, since_key: u32) -> Self {
        let needs = if since_key == 0 { Vec::new() } else { vec![(number - 1, 0)] };
        Self { needs, ..Self::default() }
    }

    /// VP8 of libwebrtc: eight frames, and in their second half all need the layer in between.
    pub(crate) fn vp8(number: u32, since_key: u32) -> Self {
        let (temporal, is_switch, needs): (u8, bool, &[u32]) = match since_key % 8 {
            0 | 4 => (0, false, &[4]),
            1 => (2, true, &[1]),
            2 => (1, true, &[2]),
            5 => (2, false, &[1, 3]),
            6 => (1, false, &[2, 4]),
            _ => (2, false, &[1, 3]),
        };
        let needs = needs.iter().filter(|it| **it <= since_key).map(|it| (number - it, 0));
        Self { temporal, is_switch, needs: needs.collect(), ..Self::default() }
    }

    /// VP9 and AV1: four frames, each needs the nearest of a lower layer; a larger picture needs the
    /// smaller one as well.
    pub(crate) fn svc(number: u32, since_key: u32, spatial: u8) -> Self {
        let (temporal, back, template) = match since_key % 4 {
            0 => (0, 4, 1),
            1 => (2, 1, 3),
            2 => (1, 2, 2),
            _ => (2, 1, 4),
        };
        let is_key = since_key == 0;
        let mut needs = Vec::new();
        if !is_key {
            needs.push((number - back, spatial));
        }
        if spatial > 0 {
            needs.push((number, spatial - 1));
        }
        let template = if is_key { 0 } else { template };
        Self { spatial, temporal, is_switch: true, template, needs }
    }

    pub(crate) fn write(&self, to: &mut Vec<u8>) {
        to.extend([self.spatial, self.temporal, u8::from(self.is_switch), self.needs.len() as u8]);
        for (number, spatial) in &self.needs {
            to.extend(number.to_be_bytes());
            to.push(*spatial);
        }
    }

    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (&[spatial, temporal, is_switch, n], rest) = bytes.split_first_chunk()?;
        let needs = rest
            .chunks_exact(5)
            .take(n.into())
            .map(|it| (u32::from_be_bytes([it[0], it[1], it[2], it[3]]), it[4]));
        let needs = needs.collect();
        Some(Self { spatial, temporal, is_switch: is_switch == 1, template: 0, needs })
    }
}

/// L1T3 of libwebrtc: five templates from id 3 on, three decode targets, one chain, one resolution.
const L1T3: &str = "000011 00010 00 01 01 00 11 101010 101010 000110 000001 000001 \
     0 100110 100010 100000 100000 01 0000 0100 0010 0001 0011 1 0000010011111111 0000001011001111";

/// The dependency descriptor of one packet.
pub(crate) fn descriptor(scaled: &Scaled, number: u32, begins: bool, ends: bool) -> Vec<u8> {
    let bit = |it: bool| if it { '1' } else { '0' };
    let (template, number) = (scaled.template + 3, number as u16);
    let mut bits = format!("{}{}{template:06b}{number:016b}", bit(begins), bit(ends));
    if scaled.template == 0 && begins {
        bits.push_str("10000");
        bits.push_str(L1T3);
    }
    let bits: Vec<u8> = bits.bytes().filter(|it| *it != b' ').map(|it| it - b'0').collect();
    let byte = |bits: &[u8]| bits.iter().enumerate().fold(0, |a, (n, bit)| a | bit << (7 - n));
    bits.chunks(8).map(byte).collect()
}

/// What a browser's RTP stack does with the extension.
#[derive(Debug)]
struct Serializer;

/// Its bytes.
#[derive(Debug, Clone)]
pub(crate) struct Descriptor(pub(crate) Arc<[u8]>);

impl ExtensionSerializer for Serializer {
    fn write_to(&self, buf: &mut [u8], values: &ExtensionValues) -> usize {
        let Some(Descriptor(bytes)) = values.user_values.get() else { return 0 };
        buf[..bytes.len()].copy_from_slice(bytes);
        bytes.len()
    }

    fn parse_value(&self, buf: &[u8], values: &mut ExtensionValues) -> bool {
        values.user_values.set(Descriptor(buf.into()));
        true
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        values.user_values.get::<Descriptor>().is_some_and(|it| it.0.len() > 16)
    }
}

/// The extensions of a browser.
pub(crate) fn extensions() -> ExtensionMap {
    let mut map = ExtensionMap::standard();
    map.set(12, Extension::with_serializer(URI, Serializer));
    map
}
