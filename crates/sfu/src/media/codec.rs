//! What is read of a payload, by codec.

pub(crate) mod av1;
pub(crate) mod dependency_descriptor;
pub(crate) mod h264;
pub(crate) mod vp8;
pub(crate) mod vp9;
