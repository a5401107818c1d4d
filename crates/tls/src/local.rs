//! An own certificate authority, for networks without public names. A device that trusts it once trusts the server at
//! every address that it has.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use time::OffsetDateTime;

use crate::certificate::{Certificate, InvalidPem, Source};
use crate::error::{Because, TlsError};
use crate::folder::Folder;

/// How long the authority is valid: devices are taught to trust it by hand.
const AUTHORITY_LIFETIME: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// How long a certificate of it is valid. Apple's devices take at most 825 days; it is renewed at half.
pub const LEAF_LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

/// A clock that is slow takes a certificate that was made just now.
const BACKDATED: Duration = Duration::from_secs(24 * 3600);

const AUTHORITY_FILE: &str = "local-authority.pem";
const AUTHORITY_KEY_FILE: &str = "local-authority-key.pem";
const LEAF_FILE: &str = "local.pem";
const LEAF_KEY_FILE: &str = "local-key.pem";

/// The authority, and its files. Its key never leaves the folder.
#[derive(Debug)]
pub struct LocalAuthority {
    folder: Folder,
    certificate: String,
    issuer: Issuer<'static, KeyPair>,
}

impl LocalAuthority {
    /// Opens the authority of this folder, which is made when there is none.
    ///
    /// # Errors
    /// When its files cannot be read or written.
    pub fn open(folder: &Folder, machine: &str, now: SystemTime) -> Result<Self, TlsError> {
        let files = (folder.read(AUTHORITY_FILE)?, folder.read(AUTHORITY_KEY_FILE)?);
        let (certificate, key) = match files {
            (Some(certificate), Some(key)) => (certificate, key),
            _ => {
                let made = make_authority(machine, now);
                let (certificate, key) =
                    made.map_err(|error| TlsError::new(&folder.path(AUTHORITY_FILE), error))?;
                folder.write(AUTHORITY_KEY_FILE, &key)?;
                folder.write(AUTHORITY_FILE, &certificate)?;
                (certificate, key)
            }
        };
        let damaged = |name: &str, error: rcgen::Error| {
            let text = format!("it is damaged ({error}); delete it for a new authority");
            TlsError::new(&folder.path(name), Because::Invalid(text))
        };
        let key = KeyPair::from_pem(&key).map_err(|error| damaged(AUTHORITY_KEY_FILE, error))?;
        let issuer = Issuer::from_ca_cert_pem(&certificate, key)
            .map_err(|error| damaged(AUTHORITY_FILE, error))?;
        Ok(Self { folder: folder.clone(), certificate, issuer })
    }

    /// The authority's certificate in PEM form: what devices are to trust.
    pub fn pem(&self) -> &str {
        &self.certificate
    }

    /// The same in DER form, which Android and Windows open.
    pub fn der(&self) -> Vec<u8> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes())
            .map(|der| der.to_vec())
            .unwrap_or_default()
    }

    /// A certificate for these names and addresses: that of the folder if it is for all of them and less than half of
    /// its lifetime is over, else a new one.
    ///
    /// # Errors
    /// When the files cannot be read or written.
    pub fn certificate(
        &self,
        names: &[String],
        ips: &[IpAddr],
        now: SystemTime,
    ) -> Result<Certificate, TlsError> {
        let names: Vec<String> =
            names.iter().cloned().chain(ips.iter().map(IpAddr::to_string)).collect();
        let kept = self.read(now)?;
        let is_fit = |it: &Certificate| {
            now >= it.not_before && now < it.renew_at() && names.iter().all(|name| it.is_for(name))
        };
        if let Some(kept) = kept.filter(is_fit) {
            return Ok(kept);
        }
        let path = self.folder.path(LEAF_FILE);
        let (chain, key) = self.issue(names, now).map_err(|error| TlsError::new(&path, error))?;
        self.folder.write(LEAF_KEY_FILE, &key)?;
        self.folder.write(LEAF_FILE, &chain)?;
        self.parse(&chain, &key, now)
    }

    /// The certificate in the folder, if this authority issued it.
    fn read(&self, now: SystemTime) -> Result<Option<Certificate>, TlsError> {
        let files = (self.folder.read(LEAF_FILE)?, self.folder.read(LEAF_KEY_FILE)?);
        let (Some(chain), Some(key)) = files else { return Ok(None) };
        // One of an authority that is gone, or a damaged one, is replaced.
        let is_ours = chain.trim_end().ends_with(self.certificate.trim());
        Ok(if is_ours { self.parse(&chain, &key, now).ok() } else { None })
    }

    fn parse(&self, chain: &str, key: &str, now: SystemTime) -> Result<Certificate, TlsError> {
        Certificate::from_pem(Source::Local, chain, key, LEAF_FILE, now).map_err(|invalid| {
            let (name, because) = match invalid {
                InvalidPem::Chain(because) => (LEAF_FILE, because),
                InvalidPem::Key(because) => (LEAF_KEY_FILE, because),
            };
            TlsError::new(&self.folder.path(name), because)
        })
    }

    fn issue(&self, names: Vec<String>, now: SystemTime) -> Result<(String, String), rcgen::Error> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "Kaibo");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = validity(now, LEAF_LIFETIME);
        let leaf = params.signed_by(&key, &self.issuer)?;
        Ok((format!("{}{}", leaf.pem(), self.certificate), key.serialize_pem()))
    }
}

fn make_authority(machine: &str, now: SystemTime) -> Result<(String, String), rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, format!("Kaibo on {machine}"));
    params.distinguished_name.push(DnType::OrganizationName, "Kaibo local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    (params.not_before, params.not_after) = validity(now, AUTHORITY_LIFETIME);
    Ok((params.self_signed(&key)?.pem(), key.serialize_pem()))
}

fn validity(now: SystemTime, lifetime: Duration) -> (OffsetDateTime, OffsetDateTime) {
    (OffsetDateTime::from(now - BACKDATED), OffsetDateTime::from(now + lifetime))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["localhost".into(), "studio.local".into()]
    }

    fn ips() -> Vec<IpAddr> {
        vec!["192.168.1.5".parse().unwrap(), "fd00::5".parse().unwrap()]
    }

    #[test]
    fn a_certificate_is_for_every_name_and_address_and_stays_over_a_restart() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path()).unwrap();
        let now = SystemTime::now();
        let authority = LocalAuthority::open(&folder, "studio", now).unwrap();
        let first = authority.certificate(&names(), &ips(), now).unwrap();
        for name in ["localhost", "studio.local", "192.168.1.5", "fd00::5"] {
            assert!(first.is_for(name), "{name}");
        }
        assert_eq!(first.key.cert.len(), 2, "the authority comes with it");
        let again = LocalAuthority::open(&folder, "studio", now).unwrap();
        assert_eq!(again.pem(), authority.pem());
        let second = again.certificate(&names(), &ips(), now).unwrap();
        assert_eq!(first.key.cert, second.key.cert);
        assert_eq!(again.der(), second.key.cert[1].to_vec());
    }

    #[test]
    fn a_new_one_is_made_for_a_new_address_at_half_of_the_time_and_under_a_new_authority() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path()).unwrap();
        let now = SystemTime::now();
        let authority = LocalAuthority::open(&folder, "studio", now).unwrap();
        let first = authority.certificate(&names(), &ips(), now).unwrap();
        let moved = ["10.0.0.2".parse().unwrap()];
        let second = authority.certificate(&names(), &moved, now).unwrap();
        assert!(second.is_for("10.0.0.2") && first.key.cert != second.key.cert);
        let later = now + LEAF_LIFETIME / 2 + BACKDATED;
        let third = authority.certificate(&names(), &moved, later).unwrap();
        assert!(third.not_after > second.not_after);
        std::fs::remove_file(folder.path(AUTHORITY_FILE)).unwrap();
        let other = LocalAuthority::open(&folder, "studio", now).unwrap();
        assert_ne!(other.pem(), authority.pem());
        let fourth = other.certificate(&names(), &moved, now).unwrap();
        assert_eq!(fourth.key.cert[1].to_vec(), other.der());
    }

    #[test]
    fn a_damaged_authority_is_named_and_not_replaced() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(temp.path()).unwrap();
        LocalAuthority::open(&folder, "studio", SystemTime::now()).unwrap();
        folder.write(AUTHORITY_KEY_FILE, "nothing").unwrap();
        let error = LocalAuthority::open(&folder, "studio", SystemTime::now()).unwrap_err();
        assert!(error.to_string().contains("local-authority-key.pem"), "{error}");
    }
}
