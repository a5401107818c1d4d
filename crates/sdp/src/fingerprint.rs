//! Fingerprints of certificates (RFC 8122, section 5).

use std::fmt;

/// A hash function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Hash {
    Sha256,
    Sha384,
    Sha512,
    Sha224,
    Sha1,
    Md5,
    Md2,
}

impl Hash {
    /// All of them, the weak ones last.
    pub const ALL: [Self; 7] =
        [Self::Sha256, Self::Sha384, Self::Sha512, Self::Sha224, Self::Sha1, Self::Md5, Self::Md2];

    /// Its name in SDP.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
            Self::Sha224 => "sha-224",
            Self::Sha1 => "sha-1",
            Self::Md5 => "md5",
            Self::Md2 => "md2",
        }
    }

    /// The hash function with this name. Case is ignored.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name().eq_ignore_ascii_case(name))
    }

    /// Length of its hashes in bytes.
    pub fn n_bytes(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
            Self::Sha224 => 28,
            Self::Sha1 => 20,
            Self::Md5 | Self::Md2 => 16,
        }
    }

    /// Whether it must not be used: another certificate with the same hash can be made, or WebRTC does not support it
    /// (SHA-224).
    pub fn is_weak(self) -> bool {
        !matches!(self, Self::Sha256 | Self::Sha384 | Self::Sha512)
    }
}

/// The hash of a certificate, by a hash function that is not weak.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    hash: Hash,
    bytes: [u8; 64],
}

/// Why a fingerprint cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotUsable {
    /// Its hash function is unknown. Skip it (RFC 8122, section 5).
    Unknown,
    /// Its hash function is weak.
    Weak(Hash),
    /// Its bytes are invalid or not as many as the hash function makes; the form is `AB:CD:…`.
    Malformed(Hash),
}

impl Fingerprint {
    /// Creates a fingerprint from the bytes of a hash; `None` if the length is wrong or the hash function is weak.
    pub fn new(hash: Hash, bytes: &[u8]) -> Option<Self> {
        if bytes.len() != hash.n_bytes() || hash.is_weak() {
            return None;
        }
        let mut it = Self { hash, bytes: [0; 64] };
        it.bytes.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(it)
    }

    /// Parses the value of an `a=fingerprint`.
    ///
    /// # Errors
    /// If it cannot be used.
    pub fn parse(value: &str) -> Result<Self, NotUsable> {
        let (name, digits) = crate::lines::split_word(value.trim_ascii());
        let hash = Hash::parse(name).ok_or(NotUsable::Unknown)?;
        if hash.is_weak() {
            return Err(NotUsable::Weak(hash));
        }
        let mut it = Self { hash, bytes: [0; 64] };
        let mut parts = digits.split(':');
        for byte in it.bytes.iter_mut().take(hash.n_bytes()) {
            *byte = parts.next().and_then(hex).ok_or(NotUsable::Malformed(hash))?;
        }
        if parts.next().is_some() {
            return Err(NotUsable::Malformed(hash));
        }
        Ok(it)
    }

    /// The hash function.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// The hash.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.hash.n_bytes()).unwrap_or_default()
    }
}

/// Writes the value of an `a=fingerprint`: `sha-256 AB:CD:…`.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.hash.name())?;
        for (n, byte) in self.bytes().iter().enumerate() {
            let before = if n == 0 { ' ' } else { ':' };
            write!(f, "{before}{byte:02X}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Parses two hexadecimal digits.
fn hex(text: &str) -> Option<u8> {
    let digit = |it: u8| char::from(it).to_digit(16).and_then(|it| u8::try_from(it).ok());
    match text.as_bytes() {
        [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(n: usize) -> String {
        vec!["aB"; n].join(":")
    }

    #[test]
    fn strong_hashes_are_read_whatever_their_case() {
        for (name, hash) in
            [("SHA-256", Hash::Sha256), ("sha-384", Hash::Sha384), ("Sha-512", Hash::Sha512)]
        {
            let it = Fingerprint::parse(&format!("{name}  {} ", hash_of(hash.n_bytes()))).unwrap();
            assert_eq!((it.hash(), it.bytes()), (hash, vec![0xAB; hash.n_bytes()].as_slice()));
            assert_eq!(Fingerprint::parse(&it.to_string()), Ok(it));
            assert_eq!(Fingerprint::new(hash, it.bytes()), Some(it));
        }
        assert_eq!(Fingerprint::new(Hash::Sha256, &[1; 31]), None);
        assert_eq!(Fingerprint::new(Hash::Sha1, &[1; 20]), None);
    }

    #[test]
    fn weak_and_unknown_hashes_are_told_apart() {
        for (name, hash) in [("sha-1", Hash::Sha1), ("MD5", Hash::Md5), ("sha-224", Hash::Sha224)] {
            let value = format!("{name} {}", hash_of(hash.n_bytes()));
            assert_eq!(Fingerprint::parse(&value), Err(NotUsable::Weak(hash)));
        }
        assert_eq!(Fingerprint::parse("sha3-256 AB"), Err(NotUsable::Unknown));
        assert_eq!(Fingerprint::parse(""), Err(NotUsable::Unknown));
    }

    #[test]
    fn a_fingerprint_has_all_its_bytes() {
        for digits in [
            String::new(),
            hash_of(31),
            hash_of(33),
            hash_of(32) + ":",
            hash_of(32).replace(':', ""),
            hash_of(32).replace("aB", "+B"),
            hash_of(32).replace("aB", "é"),
        ] {
            let found = Fingerprint::parse(&format!("sha-256 {digits}"));
            assert_eq!(found, Err(NotUsable::Malformed(Hash::Sha256)), "{digits}");
        }
    }
}
