//! One WebRTC transport: ICE-lite, DTLS, SRTP keys and session descriptions.

pub(crate) mod dtls;
pub(crate) mod ice;
pub(crate) mod sdp;
