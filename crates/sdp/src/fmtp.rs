//! Format parameters.

/// The `a=fmtp` of a payload type: `minptime=10;useinbandfec=1`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fmtp<'a> {
    first: &'a str,
    /// Empty in most cases: one line is usual, and so nothing is allocated.
    others: Vec<&'a str>,
}

impl<'a> Fmtp<'a> {
    /// Parses the text after the payload type.
    pub fn new(text: &'a str) -> Self {
        Self { first: text, others: Vec::new() }
    }

    /// Adds a further line of the same payload type.
    pub(crate) fn push(&mut self, text: &'a str) {
        if self.first.is_empty() { self.first = text } else { self.others.push(text) }
    }

    /// The lines as received, without their payload type.
    pub fn lines(&self) -> impl Iterator<Item = &'a str> {
        let all = std::iter::once(self.first).chain(self.others.iter().copied());
        all.filter(|it| !it.is_empty())
    }

    /// Names and values. A part that is no pair, such as `0-15`, has an empty value.
    pub fn parameters(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let parts = self.lines().flat_map(|it| it.split(';')).map(str::trim_ascii);
        parts.filter(|it| !it.is_empty()).map(|it| match it.split_once('=') {
            Some((name, value)) => (name.trim_ascii_end(), value.trim_ascii_start()),
            None => (it, ""),
        })
    }

    /// The value of the first parameter of this name. Case is ignored.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.parameters().find(|it| it.0.eq_ignore_ascii_case(name)).map(|it| it.1)
    }

    /// Whether it has no parameters.
    pub fn is_empty(&self) -> bool {
        self.parameters().next().is_none()
    }

    /// The payload type that this one retransmits (RFC 4588) or protects.
    pub fn apt(&self) -> Option<u8> {
        self.get("apt")?.parse().ok().filter(|it| *it < 128)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_pairs() {
        let fmtp = Fmtp::new(" Packetization-Mode=1; profile-level-id = 42e01f;;x;sets=Z0==,aM4= ");
        let all: Vec<_> = fmtp.parameters().collect();
        let expected = [
            ("Packetization-Mode", "1"),
            ("profile-level-id", "42e01f"),
            ("x", ""),
            ("sets", "Z0==,aM4="),
        ];
        assert_eq!(all, expected);
        assert_eq!(fmtp.get("packetization-mode"), Some("1"));
        assert_eq!(Fmtp::new("0-15").parameters().collect::<Vec<_>>(), [("0-15", "")]);
        assert!(Fmtp::new("").is_empty() && Fmtp::new(" ; ").is_empty());
    }

    #[test]
    fn a_repeated_payload_type_is_a_number_of_seven_bits() {
        let mut fmtp = Fmtp::new("rtx-time=3000");
        fmtp.push("apt=96");
        assert_eq!(fmtp.apt(), Some(96));
        assert_eq!((Fmtp::new("apt=200").apt(), Fmtp::new("apt=").apt()), (None, None));
    }
}
