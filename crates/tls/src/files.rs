//! A certificate and a key in files that the operator names, loaded again when they change.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::certificate::{Certificate, InvalidPem, Source};
use crate::error::{Because, TlsError};

/// The two files, and what they were when they were last read.
#[derive(Debug)]
pub struct Files {
    chain: PathBuf,
    key: PathBuf,
    seen: Stamps,
}

/// What tells a file from its next version: when it was changed, and its size.
type Stamp = Option<(SystemTime, u64)>;
type Stamps = [Stamp; 2];

/// The result of looking at the files again.
#[derive(Debug)]
pub enum Reloaded {
    /// They are as they were.
    Unchanged,
    /// They changed, and this is what is in them.
    Changed(Box<Certificate>),
    /// They changed, and cannot be used. What was loaded before still holds.
    Failed(TlsError),
}

impl Files {
    /// Reads the chain and the key, both in PEM form.
    ///
    /// # Errors
    /// When a file cannot be read, the key can be read by others, or the two do not belong together.
    pub fn load(
        chain: &Path,
        key: &Path,
        now: SystemTime,
    ) -> Result<(Self, Certificate), TlsError> {
        let mut files = Self { chain: chain.into(), key: key.into(), seen: [None, None] };
        files.seen = files.stamps();
        let certificate = files.read(now)?;
        Ok((files, certificate))
    }

    /// Reads the files again if they changed, or in any case if `always`.
    pub fn reload(&mut self, always: bool, now: SystemTime) -> Reloaded {
        let stamps = self.stamps();
        if stamps == self.seen && !always {
            return Reloaded::Unchanged;
        }
        // A pair of which one half was written is refused once, and taken when the other half changes.
        self.seen = stamps;
        match self.read(now) {
            Ok(certificate) => Reloaded::Changed(Box::new(certificate)),
            Err(error) => Reloaded::Failed(error),
        }
    }

    fn stamps(&self) -> Stamps {
        [&self.chain, &self.key].map(|path| {
            let metadata = fs::metadata(path).ok()?;
            Some((metadata.modified().ok()?, metadata.len()))
        })
    }

    fn read(&self, now: SystemTime) -> Result<Certificate, TlsError> {
        let chain = read(&self.chain)?;
        check_mode(&self.key)?;
        let key = read(&self.key)?;
        let name_of_chain = self.chain.display().to_string();
        Certificate::from_pem(Source::Files, &chain, &key, &name_of_chain, now).map_err(|invalid| {
            match invalid {
                InvalidPem::Chain(because) => TlsError::new(&self.chain, because),
                InvalidPem::Key(because) => TlsError::new(&self.key, because),
            }
        })
    }
}

fn read(path: &Path) -> Result<String, TlsError> {
    let bytes = fs::read(path).map_err(|error| TlsError::new(path, Because::Read(error)))?;
    // PEM is ASCII; what stands around it may be anything.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Refuses a key that every user of the machine can read. The group may: Debian's `ssl-cert` is one.
#[cfg(unix)]
fn check_mode(path: &Path) -> Result<(), TlsError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = fs::metadata(path).map_err(|error| TlsError::new(path, Because::Read(error)))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o007 == 0 {
        return Ok(());
    }
    Err(TlsError::new(path, Because::ReadableByOthers(mode)))
}

#[cfg(not(unix))]
fn check_mode(_: &Path) -> Result<(), TlsError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Pair {
        folder: tempfile::TempDir,
    }

    impl Pair {
        fn new() -> Self {
            let pair = Self { folder: tempfile::tempdir().unwrap() };
            pair.write(&["live.example.com"]);
            pair
        }

        fn chain(&self) -> PathBuf {
            self.folder.path().join("chain.pem")
        }

        fn key(&self) -> PathBuf {
            self.folder.path().join("key.pem")
        }

        fn write(&self, names: &[&str]) {
            let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
            let made = rcgen::generate_simple_self_signed(names).unwrap();
            fs::write(self.chain(), made.cert.pem()).unwrap();
            self.write_key(&made.signing_key.serialize_pem(), 0o600);
        }

        fn write_key(&self, text: &str, mode: u32) {
            fs::write(self.key(), text).unwrap();
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                fs::set_permissions(self.key(), fs::Permissions::from_mode(mode)).unwrap();
            }
        }

        fn load(&self) -> Result<(Files, Certificate), TlsError> {
            Files::load(&self.chain(), &self.key(), SystemTime::now())
        }

        fn error(&self) -> String {
            self.load().unwrap_err().to_string()
        }
    }

    #[test]
    fn a_certificate_is_loaded_with_its_names_and_no_browser_trusts_what_signed_itself() {
        let (_, certificate) = Pair::new().load().unwrap();
        assert_eq!(certificate.names, ["live.example.com"]);
        assert!(!certificate.is_public && !certificate.is_expired(SystemTime::now()));
        assert!(certificate.renew_at() > SystemTime::now());
    }

    #[test]
    fn a_certificate_of_version_1_is_called_that_and_not_a_wrong_key() {
        let pair = Pair::new();
        fs::write(pair.chain(), include_str!("../fixtures/version-1.pem")).unwrap();
        pair.write_key(include_str!("../fixtures/version-1-key.pem"), 0o600);
        let error = pair.error();
        assert!(error.contains("chain.pem: the certificate cannot be used"), "{error}");
    }

    #[test]
    fn files_that_change_are_loaded_again_and_a_broken_pair_keeps_the_old_one() {
        let pair = Pair::new();
        let (mut files, _) = pair.load().unwrap();
        let now = SystemTime::now();
        assert!(matches!(files.reload(false, now), Reloaded::Unchanged));
        assert!(matches!(files.reload(true, now), Reloaded::Changed(_)));
        pair.write(&["other.example.com", "third.example.com"]);
        let Reloaded::Changed(new) = files.reload(false, now) else { panic!("not loaded") };
        assert_eq!(new.names, ["other.example.com", "third.example.com"]);
        fs::write(pair.chain(), "nothing").unwrap();
        let Reloaded::Failed(error) = files.reload(false, now) else { panic!("taken") };
        assert!(error.to_string().contains("chain.pem"), "{error}");
        assert!(matches!(files.reload(false, now), Reloaded::Unchanged), "told once");
    }

    #[test]
    fn an_error_names_the_file_and_what_is_wrong_with_it() {
        let pair = Pair::new();
        fs::remove_file(pair.chain()).unwrap();
        assert!(pair.error().contains("chain.pem: the file cannot be read"), "{}", pair.error());
        fs::write(pair.chain(), "").unwrap();
        assert!(
            pair.error().contains("chain.pem: the file has no certificate"),
            "{}",
            pair.error()
        );
        let pair = Pair::new();
        pair.write_key("", 0o600);
        assert!(pair.error().contains("key.pem: the file has no private key"), "{}", pair.error());
        let other = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
        pair.write_key(&other.signing_key.serialize_pem(), 0o600);
        let told = pair.error();
        assert!(told.contains("key.pem: the private key is not that of"), "{told}");
        assert!(told.contains("chain.pem"), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_every_user_can_read_is_refused_and_a_group_may() {
        let pair = Pair::new();
        let text = fs::read_to_string(pair.key()).unwrap();
        pair.write_key(&text, 0o644);
        assert!(pair.error().contains("chmod 600"), "{}", pair.error());
        pair.write_key(&text, 0o640);
        assert!(pair.load().is_ok());
    }
}
