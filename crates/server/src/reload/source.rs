//! Where the configuration comes from.

use std::fmt;
use std::sync::Arc;

use crate::config::Config;

/// Where the configuration comes from, and what of it is the program's own business.
pub trait Source: Send + Sync + 'static {
    /// Reads the configuration again, and checks it whole. It may read files.
    ///
    /// # Errors
    /// When it cannot be used; a sentence for the operator, without secrets.
    fn read(&self) -> Result<Config, String>;

    /// Logs by another filter from now on. [`Source::read`] has checked it.
    fn set_log(&self, filter: &str);
}

/// A configuration, and where it comes from.
pub struct Configured {
    pub(crate) config: Config,
    pub(crate) source: Option<Arc<dyn Source>>,
}

impl Configured {
    /// One that can be read again.
    pub fn by(config: Config, source: impl Source) -> Self {
        Self { config, source: Some(Arc::new(source)) }
    }
}

impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Configured").field("config", &self.config).finish_non_exhaustive()
    }
}

/// One that stays as it is.
impl From<Config> for Configured {
    fn from(config: Config) -> Self {
        Self { config, source: None }
    }
}
