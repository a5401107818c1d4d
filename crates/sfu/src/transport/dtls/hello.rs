//! Parses the first ClientHello of DTLS 1.2 (RFC 6347, section 4.2; RFC 5246, section 7.4.1.2), to recognise its
//! sender. OpenSSL splits it into fragments of less than 256 bytes.

/// Ed448 (RFC 8422, section 5.1.3) in `signature_algorithms` (RFC 5246, section 7.4.1.4.1).
const ED448: [u8; 2] = [8, 8];

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SIGNATURE_ALGORITHMS: u16 = 13;
/// The `use_srtp` extension (RFC 5764, section 4.1.1).
const USE_SRTP: u16 = 14;

/// Supported SRTP profiles: AES-CM with HMAC-SHA1-80 (RFC 5764, section 4.1.2), and AES-GCM with 128 and 256 bits (RFC
/// 7714).
const OUR_PROFILES: [u16; 3] = [1, 7, 8];

/// Cipher suites for our certificate's key: ECDHE and ECDSA with AES-GCM, AES-CCM, AES-CBC or ChaCha20.
const OUR_SUITES: [u16; 6] = [0xC02B, 0xC02C, 0xC0AC, 0xC0AE, 0xC00A, 0xCCA9];

/// The parts of a ClientHello that we use.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ClientHello {
    /// Whether the sender is a general-purpose TLS library, such as OpenSSL or GnuTLS. Those of browsers do not know
    /// Ed448, and their certificates have P-256 keys unless a page wants another (W3C WebRTC, section 4.9.1).
    pub(super) is_general_purpose: bool,
    /// The SRTP profiles that it offers (RFC 5764, section 4.1.2).
    pub(super) srtp_profiles: Vec<u16>,
    /// Whether it offers a cipher suite that our libraries support.
    pub(super) has_suite: bool,
    /// The whole message, without record and message headers.
    pub(super) message: Vec<u8>,
}

impl ClientHello {
    /// Whether a handshake can succeed: nobody sends or receives media without encryption or without SRTP.
    pub(super) fn is_answerable(&self) -> bool {
        self.has_suite && self.srtp_profiles.iter().any(|it| OUR_PROFILES.contains(it))
    }
}

/// Result of [`gather`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gathered {
    /// One of them is not a fragment of the same ClientHello.
    Foreign,
    /// Fragments are missing.
    Partial,
    /// The ClientHello is complete.
    Whole(ClientHello),
}

/// A fragment of a handshake message.
struct Fragment<'a> {
    message_len: usize,
    offset: usize,
    contents: &'a [u8],
}

/// Assembles the ClientHello from these datagrams, in any order.
pub(super) fn gather<'a>(datagrams: impl IntoIterator<Item = &'a [u8]>) -> Gathered {
    let mut found = Vec::new();
    for datagram in datagrams {
        for it in fragments(datagram) {
            let Some(it) = it else { return Gathered::Foreign };
            found.push(it);
        }
    }
    let mut fragments = found;
    fragments.sort_by_key(|it| it.offset);
    let Some(len) = fragments.first().map(|it| it.message_len) else { return Gathered::Partial };
    let mut message = Vec::new();
    for it in fragments {
        if it.message_len != len {
            return Gathered::Foreign;
        }
        let Some(known) = message.len().checked_sub(it.offset) else { return Gathered::Partial };
        // The fragments overlap and differ: they are from two messages.
        if message.iter().skip(it.offset).zip(it.contents).any(|(a, b)| a != b) {
            return Gathered::Foreign;
        }
        message.extend_from_slice(it.contents.get(known..).unwrap_or_default());
    }
    if message.len() < len {
        return Gathered::Partial;
    }
    read(&message).map_or(Gathered::Foreign, Gathered::Whole)
}

/// Whether a datagram consists of fragments of an initial ClientHello.
pub(crate) fn is_hello(datagram: &[u8]) -> bool {
    !datagram.is_empty() && fragments(datagram).all(|it| it.is_some())
}

/// Whether a datagram consists of fragments of this ClientHello.
pub(super) fn is_part(datagram: &[u8], of: &[u8]) -> bool {
    let is_of = |it: Fragment<'_>| {
        it.message_len == of.len()
            && of.get(it.offset..).is_some_and(|rest| rest.starts_with(it.contents))
    };
    !datagram.is_empty() && fragments(datagram).all(|it| it.is_some_and(is_of))
}

/// The fragments in a datagram's records. Ends with `None` at the first record that is not a ClientHello fragment.
fn fragments(datagram: &[u8]) -> impl Iterator<Item = Option<Fragment<'_>>> {
    let mut rest = Some(Reader(datagram));
    std::iter::from_fn(move || {
        let reader = rest.as_mut().filter(|it| !it.0.is_empty())?;
        let found = fragment(reader);
        if found.is_none() {
            rest = None;
        }
        Some(found)
    })
}

/// The next record, if its only content is a ClientHello fragment.
fn fragment<'a>(rest: &mut Reader<'a>) -> Option<Fragment<'a>> {
    if rest.u8()? != HANDSHAKE {
        return None;
    }
    // Version, epoch and sequence number.
    rest.take(10)?;
    let mut record = Reader(rest.list16()?);
    if record.u8()? != CLIENT_HELLO {
        return None;
    }
    let message_len = record.u24()?;
    // Message number. One with a cookie is the second (RFC 6347, section 4.2.1): it continues a handshake.
    if record.u16()? != 0 {
        return None;
    }
    let (offset, len) = (record.u24()?, record.u24()?);
    let contents = record.take(len)?;
    record.0.is_empty().then_some(Fragment { message_len, offset, contents })
}

fn read(whole: &[u8]) -> Option<ClientHello> {
    let mut message = Reader(whole);
    // Version and random.
    message.take(34)?;
    let (_session, _cookie) = (message.list8()?, message.list8()?);
    let (suites, _compression) = (message.list16()?, message.list8()?);
    let mut extensions = Reader(message.list16()?);
    let number = |it: &[u8]| it.try_into().ok().map(u16::from_be_bytes);
    let is_ours = |it: &[u8]| number(it).is_some_and(|it| OUR_SUITES.contains(&it));
    let mut hello = ClientHello {
        has_suite: suites.chunks_exact(2).any(is_ours),
        message: whole.to_vec(),
        ..ClientHello::default()
    };
    while !extensions.0.is_empty() {
        let (kind, contents) = (extensions.u16()?, extensions.list16()?);
        let list = || Some(Reader(contents).list16()?.chunks_exact(2));
        match kind {
            SIGNATURE_ALGORITHMS => hello.is_general_purpose = list()?.any(|it| it == ED448),
            USE_SRTP => {
                let profiles = list()?.filter_map(|it| it.try_into().ok().map(u16::from_be_bytes));
                hello.srtp_profiles = profiles.collect();
            }
            _ => {}
        }
    }
    Some(hello)
}

/// Reads from the front; returns `None` if too few bytes are left.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.try_into().ok().map(u16::from_be_bytes)
    }

    fn u24(&mut self) -> Option<usize> {
        let (high, low) = (self.u8()?, self.u16()?);
        Some(usize::from(high) << 16 | usize::from(low))
    }

    /// A list preceded by its length in one byte.
    fn list8(&mut self) -> Option<&'a [u8]> {
        let len = self.u8()?;
        self.take(len.into())
    }

    /// A list preceded by its length in two bytes.
    fn list16(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.take(len.into())
    }
}

#[cfg(test)]
pub(super) mod recorded {
    //! Recorded ClientHellos.

    /// Parses one datagram per line.
    pub(in crate::transport::dtls) fn datagrams(hex: &str) -> Vec<Vec<u8>> {
        let byte = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        hex.lines().map(|it| it.as_bytes().chunks(2).map(byte).collect()).collect()
    }

    pub(in crate::transport::dtls) fn chromium() -> Vec<Vec<u8>> {
        datagrams(include_str!("fixtures/chromium.hex"))
    }

    pub(in crate::transport::dtls) fn firefox() -> Vec<Vec<u8>> {
        datagrams(include_str!("fixtures/firefox.hex"))
    }

    pub(in crate::transport::dtls) fn gstreamer() -> Vec<Vec<u8>> {
        datagrams(include_str!("fixtures/gstreamer.hex"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::dtls::hello::recorded::{chromium, datagrams, firefox, gstreamer};

    fn gathered(datagrams: &[Vec<u8>]) -> Gathered {
        gather(datagrams.iter().map(Vec::as_slice))
    }

    fn whole(datagrams: &[Vec<u8>]) -> ClientHello {
        let Gathered::Whole(hello) = gathered(datagrams) else { panic!("not whole") };
        hello
    }

    #[test]
    fn browsers_are_told_from_openssl() {
        assert!(!whole(&chromium()).is_general_purpose);
        assert!(!whole(&firefox()).is_general_purpose);
        assert!(whole(&gstreamer()).is_general_purpose);
        assert!(whole(&datagrams(include_str!("fixtures/ffmpeg.hex"))).is_general_purpose);
    }

    #[test]
    fn all_offer_a_profile_of_ours() {
        assert_eq!(whole(&gstreamer()).srtp_profiles, [1]);
        assert!(whole(&chromium()).srtp_profiles.contains(&8));
        assert!(whole(&firefox()).srtp_profiles.contains(&8));
    }

    #[test]
    fn parts_may_come_in_any_order_and_twice() {
        let [first, second] = gstreamer().try_into().unwrap();
        let expected = whole(&[first.clone(), second.clone()]);
        assert_eq!(whole(&[second.clone(), first.clone()]), expected);
        assert_eq!(whole(&[first.clone(), first.clone(), second.clone(), first]), expected);
    }

    #[test]
    fn a_part_alone_is_waited_with() {
        for part in gstreamer().into_iter().chain(chromium()).chain(firefox()) {
            assert_eq!(gathered(&[part]), Gathered::Partial);
        }
        assert_eq!(gathered(&[]), Gathered::Partial);
    }

    #[test]
    fn what_is_no_client_hello_is_foreign() {
        let alert = vec![21, 0xFE, 0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 40];
        assert_eq!(gathered(std::slice::from_ref(&alert)), Gathered::Foreign);
        let [first, _] = gstreamer().try_into().unwrap();
        assert_eq!(gathered(&[first.clone(), alert]), Gathered::Foreign);
        // Fragments of two handshakes.
        let [other, _] = firefox().try_into().unwrap();
        assert_eq!(gathered(&[first, other]), Gathered::Foreign);
    }

    #[test]
    fn parts_are_told_from_those_of_another() {
        let hello = whole(&chromium());
        for part in chromium() {
            assert!(is_hello(&part) && is_part(&part, &hello.message));
        }
        for part in firefox() {
            assert!(is_hello(&part) && !is_part(&part, &hello.message));
        }
        assert!(!is_hello(&[21, 0xFE, 0xFD]) && !is_hello(&[]) && !is_part(&[], &hello.message));
    }

    #[test]
    fn only_what_can_become_a_handshake_is_answerable() {
        for parts in
            [chromium(), firefox(), gstreamer(), datagrams(include_str!("fixtures/ffmpeg.hex"))]
        {
            assert!(whole(&parts).is_answerable());
            let mut without_encryption = whole(&parts);
            without_encryption.has_suite = false;
            let without_srtp = ClientHello { srtp_profiles: vec![2, 5], ..whole(&parts) };
            assert!(!without_encryption.is_answerable() && !without_srtp.is_answerable());
        }
    }

    #[test]
    fn nothing_that_is_cut_or_changed_makes_it_panic() {
        for message in [gstreamer(), chromium(), firefox()] {
            for (n, datagram) in message.iter().enumerate() {
                for len in 0..datagram.len() {
                    let mut cut = message.clone();
                    cut[n].truncate(len);
                    assert!(!matches!(gathered(&cut), Gathered::Whole(_)), "{n} {len}");
                }
                for at in 0..datagram.len() {
                    for value in [0, 1, 0x7F, 0xFF] {
                        let mut changed = message.clone();
                        changed[n][at] = value;
                        _ = gathered(&changed);
                    }
                }
            }
        }
    }
}
