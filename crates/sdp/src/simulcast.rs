//! Simulcast layers: `a=rid` (RFC 8851) and `a=simulcast` (RFC 8853).

use crate::attributes::Attributes;
use crate::lines::split_word;

/// The direction of a layer, from the view of the description's author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum RidDirection {
    Send,
    Recv,
}

/// An `a=rid`: `h send pt=96,97;max-width=1280`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rid<'a> {
    /// Its rid.
    pub id: &'a str,
    /// Its direction.
    pub direction: RidDirection,
    restrictions: &'a str,
}

impl<'a> Rid<'a> {
    /// Parses the value of an `a=rid`.
    pub fn parse(value: &'a str) -> Option<Self> {
        let (id, rest) = split_word(value);
        let (direction, restrictions) = split_word(rest);
        let direction = match direction {
            "send" => RidDirection::Send,
            "recv" => RidDirection::Recv,
            _ => return None,
        };
        Some(Self { id, direction, restrictions })
    }

    /// Names and values of its restrictions.
    pub fn restrictions(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let parts = self.restrictions.split(';').map(str::trim_ascii);
        parts.filter(|it| !it.is_empty()).map(|it| it.split_once('=').unwrap_or((it, "")))
    }

    /// The payload types it may use; `None` if it may use any.
    pub fn payload_types(&self) -> Option<impl Iterator<Item = u8> + use<'a>> {
        let list = self.restrictions().find(|it| it.0 == "pt")?.1;
        Some(list.split(',').filter_map(|it| it.trim_ascii().parse().ok()))
    }
}

/// An `a=simulcast`: `send h;m,~m2;~l recv a`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Simulcast<'a> {
    send: &'a str,
    recv: &'a str,
}

/// A layer in an `a=simulcast`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulcastRid<'a> {
    /// Its rid.
    pub id: &'a str,
    /// Whether it is paused (`~`).
    pub is_paused: bool,
}

impl<'a> Simulcast<'a> {
    /// Parses the value of an `a=simulcast`.
    pub fn parse(value: &'a str) -> Self {
        let mut it = Self::default();
        let mut words = value.split_ascii_whitespace();
        while let (Some(direction), Some(list)) = (words.next(), words.next()) {
            // Drafts before RFC 8853 prefixed the list with the kind of its names.
            let list = list.strip_prefix("rid=").unwrap_or(list);
            match direction {
                "send" => it.send = list,
                "recv" => it.recv = list,
                _ => {}
            }
        }
        it
    }

    /// The streams that the author offers to send.
    pub fn send(&self) -> impl Iterator<Item = SimulcastStream<'a>> + use<'a> {
        streams(self.send)
    }

    /// The streams that the author offers to receive.
    pub fn recv(&self) -> impl Iterator<Item = SimulcastStream<'a>> + use<'a> {
        streams(self.recv)
    }
}

/// A stream of an `a=simulcast`: a list of alternative layers, of which one is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulcastStream<'a>(&'a str);

impl<'a> SimulcastStream<'a> {
    /// The alternative layers, best first.
    pub fn alternatives(&self) -> impl Iterator<Item = SimulcastRid<'a>> + use<'a> {
        let ids = self.0.split(',').filter(|it| !it.is_empty());
        ids.map(|it| match it.strip_prefix('~') {
            Some(id) => SimulcastRid { id, is_paused: true },
            None => SimulcastRid { id: it, is_paused: false },
        })
    }
}

fn streams<'a>(list: &'a str) -> impl Iterator<Item = SimulcastStream<'a>> + use<'a> {
    list.split(';').filter(|it| !it.is_empty()).map(SimulcastStream)
}

impl<'a> Attributes<'a> {
    /// The `a=rid` layers, in order. Invalid ones are skipped.
    pub fn rids(&self) -> impl Iterator<Item = Rid<'a>> {
        self.all("rid").filter_map(Rid::parse)
    }

    /// The first `a=simulcast`.
    pub fn simulcast(&self) -> Option<Simulcast<'a>> {
        self.get("simulcast").map(Simulcast::parse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_has_a_name_a_direction_and_restrictions() {
        let rid = Rid::parse("h send pt=96,97; max-width=1280;depend=l").unwrap();
        assert_eq!((rid.id, rid.direction), ("h", RidDirection::Send));
        assert_eq!(rid.payload_types().unwrap().collect::<Vec<_>>(), [96, 97]);
        assert_eq!(rid.restrictions().nth(1), Some(("max-width", "1280")));
        assert!(Rid::parse("l recv").unwrap().payload_types().is_none());
        assert_eq!((Rid::parse("l"), Rid::parse("l sideways")), (None, None));
    }

    fn of<'a>(list: impl Iterator<Item = SimulcastStream<'a>>) -> Vec<Vec<(&'a str, bool)>> {
        let ids = |it: SimulcastStream<'a>| it.alternatives().map(|it| (it.id, it.is_paused));
        list.map(|it| ids(it).collect()).collect()
    }

    #[test]
    fn layers_are_listed_with_alternatives_and_pauses() {
        let it = Simulcast::parse("send 1,~4;2;~3 recv 5");
        let send = of(it.send());
        assert_eq!(send, [vec![("1", false), ("4", true)], vec![("2", false)], vec![("3", true)]]);
        assert_eq!(of(it.recv()), [[("5", false)]]);
        assert_eq!(of(Simulcast::parse("recv a").send()), Vec::<Vec<_>>::new());
        assert_eq!(of(Simulcast::parse(" send rid=f;h").send()), [[("f", false)], [("h", false)]]);
    }
}
