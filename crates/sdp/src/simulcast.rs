//! Layers with names: `a=rid` (RFC 8851) and `a=simulcast` (RFC 8853).

use crate::attributes::Attributes;
use crate::lines::split_word;

/// Which way a layer flows, as the writer sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum RidDirection {
    Send,
    Recv,
}

/// An `a=rid`: `h send pt=96,97;max-width=1280`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rid<'a> {
    /// Its name.
    pub id: &'a str,
    /// Which way it flows.
    pub direction: RidDirection,
    restrictions: &'a str,
}

impl<'a> Rid<'a> {
    /// Reads the value of an `a=rid`.
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

    /// Names and values of what it is restricted to.
    pub fn restrictions(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let parts = self.restrictions.split(';').map(str::trim_ascii);
        parts.filter(|it| !it.is_empty()).map(|it| it.split_once('=').unwrap_or((it, "")))
    }

    /// The payload types that it may have; `None` when it may have any.
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
    /// The name of its `a=rid`.
    pub id: &'a str,
    /// It is not sent for now (`~`).
    pub is_paused: bool,
}

impl<'a> Simulcast<'a> {
    /// Reads the value of an `a=simulcast`.
    pub fn parse(value: &'a str) -> Self {
        let mut it = Self::default();
        let mut words = value.split_ascii_whitespace();
        while let (Some(direction), Some(list)) = (words.next(), words.next()) {
            // Before RFC 8853 the kind of the names was told.
            let list = list.strip_prefix("rid=").unwrap_or(list);
            match direction {
                "send" => it.send = list,
                "recv" => it.recv = list,
                _ => {}
            }
        }
        it
    }

    /// The streams that the writer wants to send.
    pub fn send(&self) -> impl Iterator<Item = SimulcastStream<'a>> + use<'a> {
        streams(self.send)
    }

    /// The streams that the writer wants to receive.
    pub fn recv(&self) -> impl Iterator<Item = SimulcastStream<'a>> + use<'a> {
        streams(self.recv)
    }
}

/// A stream of an `a=simulcast`: one of its layers is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SimulcastStream<'a>(&'a str);

impl<'a> SimulcastStream<'a> {
    /// The layers that it may be, best first.
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
    /// The layers that have names, in order; what cannot be read is left out.
    pub fn rids(&self) -> impl Iterator<Item = Rid<'a>> {
        self.all("rid").filter_map(Rid::parse)
    }

    /// Which layers are one picture.
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
