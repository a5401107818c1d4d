//! Reads the file.

use std::fs;
use std::io;
use std::path::Path;

use super::check::ConfigError;
use super::knobs::{Config, ConfigOverlay};

/// The name of the file that is read from the data folder when it exists.
pub const FILE_NAME: &str = "kaibo.toml";

impl Config {
    /// Reads the file that was named, or that of the data folder if it is there, and lays `over` (flags and
    /// environment) over it.
    ///
    /// # Errors
    /// When the file cannot be read or a value makes no sense.
    pub fn load(over: ConfigOverlay, file: Option<&Path>) -> Result<Self, ConfigError> {
        let data = over.data.clone().unwrap_or_else(|| Self::default().data);
        let file = match file {
            Some(path) => ConfigOverlay::read(path)?,
            None => match ConfigOverlay::read(&data.join(FILE_NAME)) {
                Err(ConfigError::Read { source, .. })
                    if source.kind() == io::ErrorKind::NotFound =>
                {
                    ConfigOverlay::default()
                }
                result => result?,
            },
        };
        Self::from_overlay(over.or(file))
    }
}

impl ConfigOverlay {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or is not of this form.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.into(), source })?;
        toml::from_str(&text).map_err(|error| {
            let at = error
                .span()
                .and_then(|span| text.get(..span.start))
                .map(|before| format!(" in line {}", before.matches('\n').count() + 1));
            // Only the first line: the rest shows the source, which may be the key's.
            let message = error.message().lines().next().unwrap_or_default().to_owned();
            ConfigError::Parse { path: path.into(), at: at.unwrap_or_default(), message }
        })
    }
}
