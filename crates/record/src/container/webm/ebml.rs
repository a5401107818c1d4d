//! Elements of EBML as bytes (RFC 8794).

pub(crate) const EBML: u32 = 0x1A45_DFA3;
pub(crate) const EBML_VERSION: u32 = 0x4286;
pub(crate) const EBML_READ_VERSION: u32 = 0x42F7;
pub(crate) const EBML_MAX_ID_LENGTH: u32 = 0x42F2;
pub(crate) const EBML_MAX_SIZE_LENGTH: u32 = 0x42F3;
pub(crate) const DOC_TYPE: u32 = 0x4282;
pub(crate) const DOC_TYPE_VERSION: u32 = 0x4287;
pub(crate) const DOC_TYPE_READ_VERSION: u32 = 0x4285;
pub(crate) const VOID: u32 = 0xEC;
pub(crate) const SEGMENT: u32 = 0x1853_8067;
pub(crate) const SEEK_HEAD: u32 = 0x114D_9B74;
pub(crate) const SEEK: u32 = 0x4DBB;
pub(crate) const SEEK_ID: u32 = 0x53AB;
pub(crate) const SEEK_POSITION: u32 = 0x53AC;
pub(crate) const INFO: u32 = 0x1549_A966;
pub(crate) const TIMESTAMP_SCALE: u32 = 0x2AD7B1;
pub(crate) const DURATION: u32 = 0x4489;
pub(crate) const MUXING_APP: u32 = 0x4D80;
pub(crate) const WRITING_APP: u32 = 0x5741;
pub(crate) const TRACKS: u32 = 0x1654_AE6B;
pub(crate) const TRACK_ENTRY: u32 = 0xAE;
pub(crate) const TRACK_NUMBER: u32 = 0xD7;
pub(crate) const TRACK_UID: u32 = 0x73C5;
pub(crate) const TRACK_TYPE: u32 = 0x83;
pub(crate) const FLAG_LACING: u32 = 0x9C;
pub(crate) const LANGUAGE: u32 = 0x22B59C;
pub(crate) const CODEC_ID: u32 = 0x86;
pub(crate) const CODEC_PRIVATE: u32 = 0x63A2;
pub(crate) const CODEC_DELAY: u32 = 0x56AA;
pub(crate) const SEEK_PRE_ROLL: u32 = 0x56BB;
pub(crate) const VIDEO: u32 = 0xE0;
pub(crate) const PIXEL_WIDTH: u32 = 0xB0;
pub(crate) const PIXEL_HEIGHT: u32 = 0xBA;
pub(crate) const PROJECTION: u32 = 0x7670;
pub(crate) const PROJECTION_TYPE: u32 = 0x7671;
pub(crate) const PROJECTION_POSE_ROLL: u32 = 0x7675;
pub(crate) const AUDIO: u32 = 0xE1;
pub(crate) const SAMPLING_FREQUENCY: u32 = 0xB5;
pub(crate) const CHANNELS: u32 = 0x9F;
pub(crate) const CLUSTER: u32 = 0x1F43_B675;
pub(crate) const TIMESTAMP: u32 = 0xE7;
pub(crate) const SIMPLE_BLOCK: u32 = 0xA3;
pub(crate) const BLOCK_GROUP: u32 = 0xA0;
pub(crate) const BLOCK: u32 = 0xA1;
pub(crate) const BLOCK_DURATION: u32 = 0x9B;
pub(crate) const REFERENCE_BLOCK: u32 = 0xFB;
pub(crate) const CUES: u32 = 0x1C53_BB6B;
pub(crate) const CUE_POINT: u32 = 0xBB;
pub(crate) const CUE_TIME: u32 = 0xB3;
pub(crate) const CUE_TRACK_POSITIONS: u32 = 0xB7;
pub(crate) const CUE_TRACK: u32 = 0xF7;
pub(crate) const CUE_CLUSTER_POSITION: u32 = 0xF1;

/// A size in 8 bytes that says: until the end of the file.
pub(crate) const UNKNOWN_SIZE: [u8; 8] = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

/// An id. Its first byte tells its length, so it is written as it is.
pub(super) fn id(out: &mut Vec<u8>, id: u32) {
    out.extend(id.to_be_bytes().iter().skip_while(|byte| **byte == 0));
}

/// A size or a track number, in as few bytes as it takes.
pub(super) fn size(out: &mut Vec<u8>, value: u64) {
    // All ones mean an unknown size, so the largest value of each length is left out.
    let bytes = (1..8).find(|bytes| value < (1 << (7 * bytes)) - 1).unwrap_or(8);
    let marked = value | 1 << (7 * bytes);
    out.extend(marked.to_be_bytes().iter().skip(8 - bytes));
}

/// A size in 8 bytes, which can be written over another one.
pub(super) fn long_size(value: u64) -> [u8; 8] {
    (value & ((1 << 56) - 1) | 1 << 56).to_be_bytes()
}

pub(super) fn element(out: &mut Vec<u8>, name: u32, body: &[u8]) {
    id(out, name);
    size(out, body.len() as u64);
    out.extend_from_slice(body);
}

/// An element that contains what `fill` appends.
pub(super) fn master(out: &mut Vec<u8>, name: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    fill(&mut body);
    element(out, name, &body);
}

pub(super) fn uint(out: &mut Vec<u8>, name: u32, value: u64) {
    let bytes = value.to_be_bytes();
    let zeros = (value.leading_zeros() as usize / 8).min(7);
    element(out, name, bytes.get(zeros..).unwrap_or(&bytes));
}

/// An unsigned number in 8 bytes, so that its length does not depend on its value.
pub(super) fn long_uint(out: &mut Vec<u8>, name: u32, value: u64) {
    element(out, name, &value.to_be_bytes());
}

pub(super) fn sint(out: &mut Vec<u8>, name: u32, value: i64) {
    element(out, name, &value.to_be_bytes());
}

pub(super) fn float(out: &mut Vec<u8>, name: u32, value: f64) {
    element(out, name, &value.to_be_bytes());
}

/// An element that readers skip, of `len` bytes in all: 2 to 100.
pub(super) fn void(out: &mut Vec<u8>, len: usize) {
    element(out, VOID, &vec![0; len - 2]);
}
