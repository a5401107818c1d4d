//! All settings by name, and what is another in another configuration.

use super::check::ConfigError;
use super::knobs::Config;

impl Config {
    /// The names of all settings, as a file has them: `max_viewers`, `limits.connections`.
    pub fn names() -> Vec<String> {
        let mut names = Vec::new();
        Self::names_into("", &mut names);
        names
    }

    /// The names of the settings whose values are not those of another. Secrets are compared, not shown.
    pub(crate) fn differing_from(&self, other: &Self) -> Vec<String> {
        let mut names = Vec::new();
        self.differing(other, "", &mut names);
        names
    }

    /// This configuration with some settings of another, by name.
    ///
    /// # Errors
    /// When the two do not go together.
    pub(crate) fn with(
        &self,
        other: &Self,
        is_taken: impl Fn(&str) -> bool,
    ) -> Result<Self, ConfigError> {
        let mut mixed = self.clone();
        mixed.take(other, "", &is_taken);
        mixed.check()?;
        Ok(mixed)
    }

    /// All settings, by name: each as a file would say it, with secrets hidden; empty when it is not set.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let file: toml::Table = toml::from_str(&self.to_toml()).unwrap_or_default();
        let value = |name: &str| match name.split_once('.') {
            Some((table, key)) => file.get(table).and_then(|it| it.get(key)),
            None => file.get(name),
        };
        let mut names = Self::names();
        names.sort();
        let said = |name: String| {
            let value = value(&name).map(toml::Value::to_string).unwrap_or_default();
            (name, value)
        };
        names.into_iter().map(said).collect()
    }
}
