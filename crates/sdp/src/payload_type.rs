//! The payload types of a media description and their attributes.

use crate::attributes::Attributes;
use crate::fmtp::Fmtp;
use crate::lines::split_word;

/// The encoding of a payload type: `VP8/90000`, `opus/48000/2`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding<'a> {
    /// The name as written. Compare it with [`Self::is`], which ignores case.
    pub name: &'a str,
    /// Clock rate of the RTP timestamp, in Hz.
    pub clock_rate: u32,
    /// Audio channels, if given.
    pub channels: Option<u8>,
}

impl<'a> Encoding<'a> {
    /// Parses the part of an `a=rtpmap` after the payload type.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split('/').map(str::trim_ascii);
        let name = parts.next().filter(|it| !it.is_empty())?;
        let clock_rate = parts.next()?.parse().ok()?;
        let channels = parts.next().and_then(|it| it.parse().ok());
        Some(Self { name, clock_rate, channels })
    }

    /// Whether name and clock rate are these.
    pub fn is(&self, name: &str, clock_rate: u32) -> bool {
        self.name.eq_ignore_ascii_case(name) && self.clock_rate == clock_rate
    }

    /// Whether both are the same. A missing number of channels matches any.
    pub fn is_same(&self, other: &Encoding<'_>) -> bool {
        let channels = match (self.channels, other.channels) {
            (Some(a), Some(b)) => a == b,
            _ => true,
        };
        self.is(other.name, other.clock_rate) && channels
    }

    /// Whether it retransmits packets of another payload type (RFC 4588).
    pub fn is_rtx(&self) -> bool {
        self.name.eq_ignore_ascii_case("rtx")
    }

    /// The encoding of a static payload type, which needs no `a=rtpmap` (RFC 3551, tables 4 and 5).
    pub fn of_static(payload_type: u8) -> Option<Encoding<'static>> {
        let (name, clock_rate, channels) = match payload_type {
            0 => ("PCMU", 8_000, Some(1)),
            3 => ("GSM", 8_000, Some(1)),
            8 => ("PCMA", 8_000, Some(1)),
            9 => ("G722", 8_000, Some(1)),
            10 => ("L16", 44_100, Some(2)),
            11 => ("L16", 44_100, Some(1)),
            13 => ("CN", 8_000, Some(1)),
            15 => ("G728", 8_000, Some(1)),
            18 => ("G729", 8_000, Some(1)),
            26 => ("JPEG", 90_000, None),
            31 => ("H261", 90_000, None),
            34 => ("H263", 90_000, None),
            _ => return None,
        };
        Some(Encoding { name, clock_rate, channels })
    }
}

/// The feedback offered for a payload type (RFC 4585, section 4.2), as far as it is known here. Other kinds are in the
/// `rtcp-fb` of the [`Attributes`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Feedback {
    /// NACK: retransmission requests.
    pub nack: bool,
    /// PLI: keyframe requests after a loss.
    pub nack_pli: bool,
    /// FIR: keyframe requests (RFC 5104).
    pub ccm_fir: bool,
    /// Transport-wide feedback: the arrival time of each packet.
    pub transport_cc: bool,
    /// REMB: the receiver's bandwidth estimate.
    pub goog_remb: bool,
}

impl Feedback {
    fn add(&mut self, value: &str) {
        let mut words = value.split_ascii_whitespace();
        match (words.next(), words.next()) {
            (Some("nack"), None) => self.nack = true,
            (Some("nack"), Some("pli")) => self.nack_pli = true,
            (Some("ccm"), Some("fir")) => self.ccm_fir = true,
            (Some("transport-cc"), None) => self.transport_cc = true,
            (Some("goog-remb"), None) => self.goog_remb = true,
            _ => {}
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            nack: self.nack || other.nack,
            nack_pli: self.nack_pli || other.nack_pli,
            ccm_fir: self.ccm_fir || other.ccm_fir,
            transport_cc: self.transport_cc || other.transport_cc,
            goog_remb: self.goog_remb || other.goog_remb,
        }
    }
}

/// A payload type of an `m=` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadType<'a> {
    /// 0 to 127.
    pub number: u8,
    /// Its encoding; `None` if unknown.
    pub encoding: Option<Encoding<'a>>,
    /// Its parameters.
    pub fmtp: Fmtp<'a>,
    /// Its feedback, including that for all payload types (`a=rtcp-fb:*`).
    pub feedback: Feedback,
}

impl PayloadType<'_> {
    /// Whether its encoding has this name and clock rate.
    pub fn is(&self, name: &str, clock_rate: u32) -> bool {
        self.encoding.is_some_and(|it| it.is(name, clock_rate))
    }

    /// The payload type whose packets it retransmits (RFC 4588).
    pub fn repeats(&self) -> Option<u8> {
        self.encoding.filter(Encoding::is_rtx).and_then(|_| self.fmtp.apt())
    }
}

/// The payload types of a media description, without duplicates, in the order of its `m=` line, which is the order of
/// preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayloadTypes<'a>(Vec<PayloadType<'a>>);

impl<'a> PayloadTypes<'a> {
    /// Reads the formats of an `m=` line and the attributes below it. Attributes of other payload types are ignored.
    pub(crate) fn new(formats: &str, attributes: &Attributes<'a>) -> Self {
        // Index of each payload type, plus one.
        let mut places = [0_u8; 128];
        let mut all: Vec<PayloadType<'a>> = Vec::with_capacity(formats.len() / 3 + 1);
        for number in formats.split_ascii_whitespace().filter_map(number) {
            let Some(place) = places.get_mut(usize::from(number)).filter(|it| **it == 0) else {
                continue;
            };
            all.push(PayloadType {
                number,
                encoding: None,
                fmtp: Fmtp::default(),
                feedback: Feedback::default(),
            });
            // There are at most 128.
            *place = u8::try_from(all.len()).unwrap_or_default();
        }
        let mut of_all = Feedback::default();
        for (name, value) in attributes.iter() {
            if !matches!(name, "rtpmap" | "fmtp" | "rtcp-fb") {
                continue;
            }
            let (word, rest) = split_word(value);
            let place = number(word).and_then(|it| places.get(usize::from(it)));
            let found = place.and_then(|it| all.get_mut(usize::from(*it).checked_sub(1)?));
            match (name, found) {
                ("rtpmap", Some(it)) => it.encoding = it.encoding.or(Encoding::parse(rest)),
                ("fmtp", Some(it)) => it.fmtp.push(rest),
                ("rtcp-fb", Some(it)) => it.feedback.add(rest),
                ("rtcp-fb", None) if word == "*" => of_all.add(rest),
                _ => {}
            }
        }
        for it in &mut all {
            it.encoding = it.encoding.or_else(|| Encoding::of_static(it.number));
            it.feedback = it.feedback.or(of_all);
        }
        Self(all)
    }

    /// The payload types in order.
    pub fn iter(&self) -> std::slice::Iter<'_, PayloadType<'a>> {
        self.0.iter()
    }

    /// The payload type with this number.
    pub fn get(&self, number: u8) -> Option<&PayloadType<'a>> {
        self.iter().find(|it| it.number == number)
    }

    /// The first payload type that retransmits packets of this one (RFC 4588).
    pub fn rtx_of(&self, number: u8) -> Option<u8> {
        self.iter().find(|it| it.repeats() == Some(number)).map(|it| it.number)
    }
}

impl<'a, 'b> IntoIterator for &'b PayloadTypes<'a> {
    type Item = &'b PayloadType<'a>;
    type IntoIter = std::slice::Iter<'b, PayloadType<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// Parses a payload type, which has seven bits (RFC 3550, section 5.1).
pub(crate) fn number(text: &str) -> Option<u8> {
    text.parse().ok().filter(|it| *it < 128)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload_types<'a>(formats: &str, lines: &[(&'a str, &'a str)]) -> PayloadTypes<'a> {
        let mut attributes = Attributes::default();
        lines.iter().for_each(|it| attributes.push(it.0, it.1));
        PayloadTypes::new(formats, &attributes)
    }

    #[test]
    fn the_m_line_selects_and_orders_the_payload_types() {
        let all = payload_types(
            "98 96 98 300 x 97",
            &[
                ("rtpmap", "96 VP8/90000"),
                ("rtpmap", "97\trtx/90000"),
                ("rtpmap", "98 h264/90000"),
                ("rtpmap", "127 AV1/90000"),
                ("fmtp", "97 apt=96"),
            ],
        );
        let found: Vec<_> = all.iter().map(|it| (it.number, it.encoding.unwrap().name)).collect();
        assert_eq!(found, [(98, "h264"), (96, "VP8"), (97, "rtx")]);
        assert!(all.get(98).unwrap().is("H264", 90_000) && all.get(127).is_none());
        assert_eq!((all.rtx_of(96), all.rtx_of(98)), (Some(97), None));
    }

    #[test]
    fn some_need_no_rtpmap_and_others_stay_unknown() {
        let all = payload_types(
            "0 8 9 96 97 111",
            &[("rtpmap", "96 VP8"), ("rtpmap", "111 opus/48000/2")],
        );
        let name = |pt| all.get(pt).unwrap().encoding.map(|it| (it.name, it.clock_rate));
        assert_eq!(name(0), Some(("PCMU", 8_000)));
        assert_eq!(name(8), Some(("PCMA", 8_000)));
        assert_eq!(name(9), Some(("G722", 8_000)));
        assert_eq!((name(96), name(97)), (None, None), "an encoding needs a clock rate");
        assert_eq!(all.get(111).unwrap().encoding.unwrap().channels, Some(2));
    }

    #[test]
    fn feedback_for_all_is_feedback_for_each() {
        let all = payload_types(
            "96 98",
            &[
                ("rtcp-fb", "* nack"),
                ("rtcp-fb", "96 nack  pli"),
                ("rtcp-fb", "98 ccm fir"),
                ("rtcp-fb", "98 transport-cc"),
                ("rtcp-fb", "98 goog-remb"),
                ("rtcp-fb", "98 nack rpsi"),
                ("rtcp-fb", "99 nack pli"),
            ],
        );
        let vp8 = Feedback { nack: true, nack_pli: true, ..Feedback::default() };
        assert_eq!(all.get(96).unwrap().feedback, vp8);
        let other = all.get(98).unwrap().feedback;
        assert!(other.nack && other.ccm_fir && other.transport_cc && other.goog_remb);
        assert!(!other.nack_pli);
    }
}
