//! Media types: packets, header extensions, layers inside a stream, codecs.

pub(crate) mod capture_clock;
pub(crate) mod codec;
pub(crate) mod format;
pub(crate) mod header_ext;
pub(crate) mod packet;
pub(crate) mod stream_key;
pub(crate) mod svc;
