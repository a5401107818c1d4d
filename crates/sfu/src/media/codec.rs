//! Reads the payload of packets, as far as a server needs it, by codec.

pub(crate) mod av1;
pub(crate) mod dependency_descriptor;
pub(crate) mod h264;
pub(crate) mod vp8;
pub(crate) mod vp9;
