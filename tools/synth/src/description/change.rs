//! Changed copies of descriptions: fewer candidates, other ICE credentials.

use std::net::SocketAddr;

use sdp::{Candidate, rewritten};

use super::read::usable;
use crate::socket::Transport;

/// A copy of a description with only those candidates over UDP that may stay.
pub fn with_candidates(description: &str, stays: impl Fn(SocketAddr) -> bool) -> String {
    rewritten(description, |line, out| match line.attribute() {
        Some(("candidate", value)) => {
            let address = Candidate::parse(value).and_then(|it| usable(&it, Transport::Udp));
            if address.is_some_and(&stays) {
                out.line(line.text());
            }
        }
        _ => out.line(line.text()),
    })
}

/// A description with other ICE credentials in it, and other candidates unless there are none: what
/// would stand there after an ICE restart. A candidate is what follows `a=`.
pub(crate) fn with_credentials(
    description: &str,
    ufrag: &str,
    pwd: &str,
    candidates: &[String],
) -> String {
    rewritten(description, |line, out| match line.attribute() {
        Some(("ice-ufrag", _)) => out.attribute("ice-ufrag", ufrag),
        Some(("ice-pwd", _)) => {
            out.attribute("ice-pwd", pwd);
            candidates.iter().for_each(|it| out.flag(it));
        }
        Some(("candidate", _)) if !candidates.is_empty() => {}
        _ => out.line(line.text()),
    })
}
