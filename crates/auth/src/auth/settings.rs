//! The operator's settings as decisions are made by them, and another set of them in their place.

use std::sync::{Arc, PoisonError};

use ipnet::IpNet;

use super::Auth;
use crate::host::Hosts;
use crate::origin::Origins;
use crate::{Config, PublishOpen, Secret};

/// Settings that were made ready for decisions.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) open: PublishOpen,
    /// Whether the operator's service is asked where nothing else gives the right.
    pub(super) asks_service: bool,
    pub(super) key: Option<Secret>,
    pub(super) origins: Origins,
    pub(super) hosts: Hosts,
    pub(super) trusted_proxies: Vec<IpNet>,
    pub(super) trusted_networks: Vec<IpNet>,
}

impl Settings {
    /// `names`: those of this machine.
    pub(super) fn new(config: Config, names: &[String]) -> Self {
        Self {
            open: config.effective_open(),
            asks_service: config.asks_service,
            origins: Origins::new(&config.origins),
            hosts: Hosts::new(names.iter().chain(&config.hosts)),
            key: config.key,
            trusted_proxies: config.trusted_proxies,
            trusted_networks: config.trusted_networks,
        }
    }
}

impl Auth {
    /// Decides by other settings from now on. Who had a right by the old ones may have lost it: [`Self::still_may`] says
    /// so of each.
    pub fn configure(&self, config: Config) {
        let settings = Arc::new(Settings::new(config, &self.0.names));
        *self.0.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// The settings now.
    pub(super) fn settings(&self) -> Arc<Settings> {
        self.0.settings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
