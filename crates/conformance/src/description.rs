//! Session descriptions (RFC 8866), as much of them as has to be looked at.

/// A description in its parts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Description {
    session: Vec<String>,
    pub(crate) sections: Vec<Section>,
}

/// A media description.
#[derive(Debug, Clone)]
pub(crate) struct Section {
    pub(crate) kind: String,
    pub(crate) port: u16,
    lines: Vec<String>,
}

/// What a section does, by its attribute.
pub(crate) const DIRECTIONS: [&str; 4] = ["sendrecv", "sendonly", "recvonly", "inactive"];

impl Description {
    /// Reads a description, or a fragment of one (RFC 8840, section 9). Every line is `x=value`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut description = Self::default();
        for line in text.lines().map(str::trim_end).filter(|it| !it.is_empty()) {
            let is_line = matches!(line.as_bytes(), [b'a'..=b'z', b'=', ..]);
            if !is_line {
                let start: String = line.chars().take(40).collect();
                return Err(format!("{start:?} is no line of a description"));
            }
            if let Some(head) = line.strip_prefix("m=") {
                let mut words = head.split(' ');
                let kind = words.next().unwrap_or_default().to_owned();
                let port = words.next().and_then(|it| it.split('/').next()?.parse().ok());
                let port = port.ok_or_else(|| format!("{line:?} has no port"))?;
                description.sections.push(Section { kind, port, lines: Vec::new() });
            } else if let Some(section) = description.sections.last_mut() {
                section.lines.push(line.to_owned());
            } else {
                description.session.push(line.to_owned());
            }
        }
        Ok(description)
    }

    /// Whether it begins as a whole description does.
    pub(crate) fn is_whole(&self) -> bool {
        self.session.first().is_some_and(|it| it == "v=0")
    }

    /// An attribute of the session alone.
    pub(crate) fn session_attribute(&self, name: &str) -> Option<&str> {
        find(&self.session, name)
    }

    /// An attribute of a section, or else of the session.
    pub(crate) fn attribute<'a>(&'a self, section: &'a Section, name: &str) -> Option<&'a str> {
        section.attribute(name).or_else(|| self.session_attribute(name))
    }

    /// An attribute wherever it first stands.
    pub(crate) fn anywhere(&self, name: &str) -> Option<&str> {
        let in_sections = || self.sections.iter().find_map(|it| it.attribute(name));
        self.session_attribute(name).or_else(in_sections)
    }

    /// All candidates, each once, beginning with `candidate:`.
    pub(crate) fn candidates(&self) -> Vec<String> {
        let lines = self.session.iter().chain(self.sections.iter().flat_map(|it| &it.lines));
        let mut all: Vec<String> = Vec::new();
        for it in lines.filter_map(|it| it.strip_prefix("a=")) {
            if it.starts_with("candidate:") && !all.iter().any(|known| known == it) {
                all.push(it.to_owned());
            }
        }
        all
    }

    /// The sections that are not rejected (RFC 3264, section 6).
    pub(crate) fn accepted(&self) -> impl Iterator<Item = &Section> {
        self.sections.iter().filter(|it| it.port != 0)
    }

    /// The direction of a section (RFC 8866, section 6.7).
    pub(crate) fn direction(&self, section: &Section) -> &'static str {
        let has = |it: &&&str| self.attribute(section, it).is_some();
        let own = DIRECTIONS.iter().find(|it| section.attribute(it).is_some());
        own.or_else(|| DIRECTIONS.iter().find(has)).copied().unwrap_or("sendrecv")
    }
}

impl Section {
    /// An attribute of the section alone; that of a flag is empty.
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        find(&self.lines, name)
    }

    /// The section's `mid`.
    pub(crate) fn mid(&self) -> &str {
        self.attribute("mid").unwrap_or_default()
    }
}

fn find<'a>(lines: &'a [String], name: &str) -> Option<&'a str> {
    lines.iter().find_map(|it| {
        let rest = it.strip_prefix("a=")?.strip_prefix(name)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix(':') }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_found_where_they_stand() {
        let text = "v=0\r\na=ice-lite\r\na=sendonly\r\nm=audio 9 X 0\r\na=mid:0\r\na=recvonly\r\n\
                    a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\nm=video 0 X 1\r\na=rtcp-mux\r\n";
        let it = Description::parse(text).unwrap();
        assert!(it.is_whole());
        let (audio, video) = (&it.sections[0], &it.sections[1]);
        assert_eq!((it.direction(audio), it.direction(video)), ("recvonly", "sendonly"));
        assert_eq!((audio.mid(), it.accepted().count()), ("0", 1));
        assert_eq!((video.attribute("rtcp-mux"), video.attribute("rtcp")), (Some(""), None));
        assert_eq!(it.attribute(video, "ice-lite"), Some(""));
        assert_eq!(it.candidates(), ["candidate:1 1 udp 1 192.0.2.1 9 typ host"]);
    }

    #[test]
    fn what_is_no_description_is_told() {
        assert!(Description::parse("<html>").is_err());
        assert!(Description::parse("v=0\r\nm=audio\r\n").is_err());
        assert!(!Description::parse("a=mid:0\r\n").unwrap().is_whole());
    }
}
