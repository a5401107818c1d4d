//! RTP header extensions (RFC 8285).

use crate::attributes::Attributes;
use crate::direction::Direction;
use crate::lines::split_word;

/// An `a=extmap`: `3/recvonly urn:x attributes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extmap<'a> {
    /// 1 to 14 in the one-byte form, up to 255 in the two-byte form. 4096 and above: no id is assigned yet.
    pub id: u16,
    /// Its direction, if it is for one direction only.
    pub direction: Option<Direction>,
    /// Its type.
    pub uri: &'a str,
    /// Its extension attributes.
    pub attributes: &'a str,
}

impl<'a> Extmap<'a> {
    /// Parses the value of an `a=extmap`.
    pub fn parse(value: &'a str) -> Option<Self> {
        let (id, rest) = split_word(value);
        let (uri, attributes) = split_word(rest);
        let (id, direction) = match id.split_once('/') {
            Some((id, direction)) => (id, Some(Direction::parse(direction)?)),
            None => (id, None),
        };
        let id = id.parse().ok().filter(|_| !uri.is_empty())?;
        Some(Self { id, direction, uri, attributes })
    }
}

impl<'a> Attributes<'a> {
    /// The header extensions, in order. Invalid ones are skipped.
    pub fn extmaps(&self) -> impl Iterator<Item = Extmap<'a>> {
        self.all("extmap").filter_map(Extmap::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_has_an_id_a_direction_and_a_name() {
        let plain = Extmap { id: 1, direction: None, uri: "urn:x", attributes: "" };
        assert_eq!(Extmap::parse("1 urn:x"), Some(plain));
        let one_way = Extmap {
            id: 6,
            direction: Some(Direction::RecvOnly),
            uri: "urn:y",
            attributes: "vad=on more",
        };
        assert_eq!(Extmap::parse("6/recvonly\turn:y  vad=on more"), Some(one_way));
        for nonsense in ["", "1", "x urn:x", "1/sideways urn:x", "70000 urn:x"] {
            assert_eq!(Extmap::parse(nonsense), None, "{nonsense}");
        }
    }
}
