//! RTP sources and their groups (RFC 5576).

use crate::attributes::Attributes;
use crate::lines::split_word;

/// All `a=ssrc` attributes of one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// The SSRC.
    pub ssrc: u32,
    /// The sender's CNAME in RTCP.
    pub cname: Option<&'a str>,
    /// Stream id and track id.
    pub msid: Option<(&'a str, &'a str)>,
}

/// An `a=ssrc-group`: a relation between sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceGroup<'a> {
    /// [`Self::FID`] or another.
    pub semantics: &'a str,
    ssrcs: &'a str,
}

impl<'a> SourceGroup<'a> {
    /// A source, and the source of its retransmissions (RFC 5576, section 4.2).
    pub const FID: &'static str = "FID";
    /// The layers of simulcast without rids, as older clients signal it.
    pub const SIM: &'static str = "SIM";
    /// A source, and its repair source (RFC 5956).
    pub const FEC_FR: &'static str = "FEC-FR";

    fn parse(value: &'a str) -> Self {
        let (semantics, ssrcs) = split_word(value);
        Self { semantics, ssrcs }
    }

    /// The sources, in order.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.ssrcs.split_ascii_whitespace().filter_map(|it| it.parse().ok())
    }
}

impl<'a> Attributes<'a> {
    /// The sources with an `a=ssrc`, in order and without duplicates. At most [`crate::bounds::MAX_SOURCES`].
    pub fn sources(&self) -> Vec<Source<'a>> {
        let mut all: Vec<Source<'a>> = Vec::new();
        for value in self.all("ssrc") {
            let (ssrc, attribute) = split_word(value);
            let Ok(ssrc) = ssrc.parse() else { continue };
            let found = all.iter().rposition(|it| it.ssrc == ssrc);
            let at = found.unwrap_or_else(|| {
                all.push(Source { ssrc, cname: None, msid: None });
                all.len() - 1
            });
            let (Some(source), Some((name, value))) = (all.get_mut(at), attribute.split_once(':'))
            else {
                continue;
            };
            match name {
                "cname" => source.cname = source.cname.or(Some(value)),
                "msid" => source.msid = source.msid.or(Some(msid(value))),
                _ => {}
            }
        }
        all
    }

    /// The groups of sources, in order.
    pub fn source_groups(&self) -> impl Iterator<Item = SourceGroup<'a>> {
        self.all("ssrc-group").map(SourceGroup::parse)
    }

    /// The source that retransmits packets of this one, by the FID groups.
    pub fn rtx_source(&self, ssrc: u32) -> Option<u32> {
        let mut groups = self.source_groups().filter(|it| it.semantics == SourceGroup::FID);
        groups.find_map(|it| {
            let mut ssrcs = it.ssrcs();
            (ssrcs.next() == Some(ssrc)).then(|| ssrcs.next()).flatten()
        })
    }
}

/// Stream id and track id of an `a=msid` (RFC 8830); the track id is optional.
pub(crate) fn msid(value: &str) -> (&str, &str) {
    split_word(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_attributes_of_a_source_are_collected() {
        let mut it = Attributes::default();
        for value in ["7 cname:x y", "8 cname:z", "7 msid:stream track", "7 label:l", "8", "z q:1"]
        {
            it.push("ssrc", value);
        }
        it.push("ssrc-group", "FID 7 8");
        it.push("ssrc-group", "SIM 7 9 10");
        let first = Source { ssrc: 7, cname: Some("x y"), msid: Some(("stream", "track")) };
        assert_eq!(it.sources(), [first, Source { ssrc: 8, cname: Some("z"), msid: None }]);
        assert_eq!((it.rtx_source(7), it.rtx_source(8), it.rtx_source(9)), (Some(8), None, None));
        let sim = it.source_groups().find(|it| it.semantics == SourceGroup::SIM).unwrap();
        assert_eq!(sim.ssrcs().collect::<Vec<_>>(), [7, 9, 10]);
    }
}
