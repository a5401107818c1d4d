//! Fingerprints of certificates (RFC 8122, section 5). Taken is what can be verified and is not broken:
//! SHA-256. Every implementation of WebRTC has it (RFC 8827, section 6.5); SHA-1 and MD5 can be forged, and
//! longer hashes the library of publishers does not verify.

use crate::NegotiationError;

/// Why a description has no fingerprint that is taken.
const NEEDED: &str = "it needs an a=fingerprint with sha-256";
const WRONG_LENGTH: &str = "an a=fingerprint with sha-256 has 32 bytes, as in AB:CD:..";

/// Whether the value of an `a=fingerprint` line is one that is taken, by its hash function.
pub(crate) fn is_taken(value: &str) -> bool {
    value.split_once(' ').is_some_and(|it| it.0.eq_ignore_ascii_case("sha-256"))
}

/// The SHA-256 of a certificate, of the values of `a=fingerprint` lines: the first.
pub(crate) fn sha_256<'a>(
    values: impl Iterator<Item = &'a str>,
) -> Result<[u8; 32], NegotiationError> {
    let mut taken = values.filter(|it| is_taken(it)).filter_map(|it| it.split_once(' '));
    let (_, text) = taken.next().ok_or(NegotiationError::malformed(NEEDED))?;
    bytes(text.trim()).ok_or(NegotiationError::malformed(WRONG_LENGTH))
}

/// `AB:CD:..`
fn bytes(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        let part = parts.next().filter(|it| it.len() == 2)?;
        let is_hex = part.bytes().all(|it| it.is_ascii_hexdigit());
        *byte = is_hex.then(|| u8::from_str_radix(part, 16).ok()).flatten()?;
    }
    parts.next().is_none().then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Result<[u8; 32], String> {
        sha_256(values.iter().copied()).map_err(|it| it.to_string())
    }

    #[test]
    fn only_whole_sha_256_is_taken() {
        let hex = |n: usize| vec!["AB"; n].join(":");
        let right = format!("SHA-256 {}", hex(32));
        assert_eq!(of(&[&right]), Ok([0xAB; 32]));
        assert_eq!(of(&[&format!("sha-1 {}", hex(20)), &right]), Ok([0xAB; 32]));
        for (wrong, why) in [
            (format!("sha-1 {}", hex(20)), NEEDED),
            (format!("md5 {}", hex(16)), NEEDED),
            (format!("sha-512 {}", hex(64)), NEEDED),
            ("sha-256".into(), NEEDED),
            (format!("sha-256 {}", hex(31)), WRONG_LENGTH),
            (format!("sha-256 {}", hex(33)), WRONG_LENGTH),
            (format!("sha-256 {}", hex(32).replace("AB", "+B")), WRONG_LENGTH),
            ("sha-256 ".into(), WRONG_LENGTH),
        ] {
            assert!(of(&[&wrong]).is_err_and(|it| it.contains(why)), "{wrong}");
        }
        assert!(of(&[]).is_err());
    }
}
