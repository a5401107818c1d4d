//! Reads the server's description.

use std::net::SocketAddr;

use sdp::{Candidate, Description, Hash, Section, Setup};

use super::{Carries, Remote, TWCC};
use crate::socket::Transport;

impl Remote {
    /// Reads a server's offer or answer.
    pub fn read(text: &str) -> Result<Self, String> {
        Self::read_over(text, Transport::Udp)
    }

    /// The same with the candidates of a transport; over TCP those that wait for our connection.
    pub fn read_over(text: &str, transport: Transport) -> Result<Self, String> {
        let description = Description::parse(text).map_err(|it| it.to_string())?;
        let tagged = description.tagged().ok_or("no media")?;
        let theirs = description.transport(tagged);
        let mut fingerprints = theirs.fingerprints().filter_map(Result::ok);
        let sha_256 = fingerprints.find(|it| it.hash() == Hash::Sha256);
        let credentials = theirs.credentials().map_err(|it| it.to_string())?;
        let formats = formats(&description);
        let sections = &description.sections;
        let video = sections.iter().filter(|it| it.kind == "video");
        Ok(Self {
            ufrag: credentials.ufrag.to_owned(),
            pwd: credentials.pwd.to_owned(),
            fingerprint: sha_256.ok_or("no SHA-256 fingerprint")?.bytes().to_vec(),
            is_dtls_client: theirs.setup() == Ok(Some(Setup::Active)),
            candidates: candidates(&description, transport),
            rtx: formats.contains(&Carries::Rtx),
            formats,
            twcc: sections.iter().find_map(twcc),
            video_ssrc: video.flat_map(|it| it.attributes.sources()).map(|it| it.ssrc).next(),
        })
    }
}

fn formats(description: &Description<'_>) -> [Carries; 128] {
    let mut formats = [Carries::Nothing; 128];
    for section in &description.sections {
        for it in &section.payload_types() {
            let (Some(slot), Some(encoding)) =
                (formats.get_mut(usize::from(it.number)), it.encoding)
            else {
                continue;
            };
            *slot = match (section.kind, encoding.name.to_ascii_lowercase().as_str()) {
                ("audio", "opus") => Carries::Audio,
                ("video", "rtx") => Carries::Rtx,
                ("video", "vp8" | "h264" | "vp9" | "av1" | "h265") => Carries::Video,
                _ => Carries::Nothing,
            };
        }
    }
    formats
}

/// The addresses of all candidates over a transport, each once.
fn candidates(description: &Description<'_>, transport: Transport) -> Vec<SocketAddr> {
    let mut found = Vec::new();
    let sections = description.sections.iter().map(|it| &it.attributes);
    for attributes in std::iter::once(&description.session).chain(sections) {
        for address in attributes.candidates().filter_map(|it| usable(&it, transport)) {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    found
}

/// The address of a candidate that we can send or connect to.
pub(super) fn usable(candidate: &Candidate<'_>, transport: Transport) -> Option<SocketAddr> {
    let is_ours = match transport {
        Transport::Udp => candidate.is_udp(),
        Transport::Tcp => {
            candidate.transport.eq_ignore_ascii_case("tcp")
                && candidate.extension("tcptype") == Some("passive")
        }
    };
    candidate.socket_addr().filter(|_| candidate.component == 1 && is_ours)
}

/// The extension's id, when the server wants transport-wide feedback.
fn twcc(section: &Section<'_>) -> Option<u8> {
    let listens = section.payload_types().iter().any(|it| it.feedback.transport_cc);
    let mut extensions = section.attributes.extmaps().filter(|it| it.uri == TWCC);
    extensions.next().filter(|_| listens)?.id.try_into().ok()
}
