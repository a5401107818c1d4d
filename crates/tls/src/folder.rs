//! Files that only the server may read.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::{Because, TlsError};

/// The folder of certificates and keys, below the data folder. Only its owner can enter it.
#[derive(Debug, Clone)]
pub struct Folder(PathBuf);

impl Folder {
    /// Opens the folder, which is made when it does not exist.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(path: &Path) -> Result<Self, TlsError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(|error| TlsError::new(path, Because::Write(error)))?;
        Ok(Self(path.to_owned()))
    }

    /// The path of a file in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// The text of a file; `None` when there is no such file.
    ///
    /// # Errors
    /// When the file exists and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<String>, TlsError> {
        let path = self.path(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(TlsError::new(&path, Because::Read(error))),
        }
    }

    /// Removes a file, if there is one.
    ///
    /// # Errors
    /// When the file exists and cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), TlsError> {
        let path = self.path(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(TlsError::new(&path, Because::Write(error)))
            }
            _ => Ok(()),
        }
    }

    /// Replaces a file as a whole: a reader sees the old text or the new one. Only the owner can read it (mode 0600).
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), TlsError> {
        let path = self.path(name);
        let new = self.path(&format!("{name}.new"));
        let write = || {
            // A file of an interrupted write may be there, with another mode.
            match fs::remove_file(&new) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let mut options = fs::OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let mut file = options.open(&new)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            fs::rename(&new, &path)
        };
        write().map_err(|error| TlsError::new(&path, Because::Write(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_read_by_its_owner_only() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::open(&temp.path().join("a/tls")).unwrap();
        assert_eq!(folder.read("key.pem").unwrap(), None);
        fs::write(folder.path("key.pem.new"), "half").unwrap();
        for text in ["one", "two"] {
            folder.write("key.pem", text).unwrap();
            assert_eq!(folder.read("key.pem").unwrap().as_deref(), Some(text));
        }
        assert!(!folder.path("key.pem.new").exists());
        folder.write("gone.pem", "one").unwrap();
        for _ in 0..2 {
            folder.remove("gone.pem").unwrap();
            assert_eq!(folder.read("gone.pem").unwrap(), None);
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&folder.path("key.pem")), 0o600);
            assert_eq!(mode(&folder.0), 0o700);
        }
    }
}
