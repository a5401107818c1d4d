//! The options of a run.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::catalog::Attack;

/// What a run is told. [`Options::default`] is every attack on the server of this machine.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server is: `http://127.0.0.1:3000`, or `https` for attacks over TLS.
    pub url: String,
    /// Its process, to be measured (Linux).
    pub pid: Option<u32>,
    /// Which attacks, in this order.
    pub attacks: Vec<Attack>,
    /// Connections that an attack holds at once, at most.
    pub connections: usize,
    /// Connections that an attack opens a second, at most.
    pub rate: u32,
    /// How long each attack lasts.
    pub duration: Duration,
    /// How long is waited after an attack until others get in again.
    pub recovery: Duration,
    /// Networks that the attacker has an address in.
    pub networks: usize,
    /// The server's publishing key.
    pub token: Option<String>,
    /// The file that the server's log goes to, to count its lines.
    pub log: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:3000".into(),
            pid: None,
            attacks: Attack::all(false),
            connections: 2_000,
            rate: 2_000,
            duration: Duration::from_secs(10),
            recovery: Duration::from_secs(90),
            networks: 1,
            token: None,
            log: None,
        }
    }
}

/// What is wrong with the options.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OptionError {
    /// A number outside its bounds.
    #[error("--{option} must be {bounds}")]
    OutOfRange {
        /// The option's name.
        option: &'static str,
        /// What it may be.
        bounds: &'static str,
    },
    /// An address that cannot be read.
    #[error("{0:?} is not an address such as http://127.0.0.1:3000")]
    BadUrl(String),
    /// An address of another machine.
    #[error("{0} is not a loopback address: attacks go to a server on this machine alone")]
    NotLoopback(IpAddr),
}

impl Options {
    /// Checks the numbers.
    ///
    /// # Errors
    /// With the option's name and what it may be.
    pub fn check(&self) -> Result<(), OptionError> {
        let range = |holds: bool, option, bounds| {
            if holds { Ok(()) } else { Err(OptionError::OutOfRange { option, bounds }) }
        };
        let seconds = |from, to| Duration::from_secs(from)..=Duration::from_secs(to);
        range((1..=60_000).contains(&self.connections), "connections", "from 1 to 60000")?;
        range((1..=20_000).contains(&self.rate), "rate", "from 1 to 20000 connections a second")?;
        range(seconds(1, 60).contains(&self.duration), "seconds", "from 1 to 60")?;
        range(seconds(1, 300).contains(&self.recovery), "recovery", "from 1 to 300 seconds")?;
        range((1..=200).contains(&self.networks), "networks", "from 1 to 200")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_a_bound_are_refused_by_their_option() {
        let told = |change: fn(&mut Options), part: &str| {
            let mut options = Options::default();
            change(&mut options);
            let error = options.check().unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        };
        Options::default().check().unwrap();
        told(|it| it.connections = 100_000, "--connections");
        told(|it| it.rate = 0, "--rate");
        told(|it| it.duration = Duration::from_secs(3_600), "--seconds");
        told(|it| it.recovery = Duration::ZERO, "--recovery");
        told(|it| it.networks = 0, "--networks");
    }
}
