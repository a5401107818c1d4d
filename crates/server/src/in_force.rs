//! The configuration that is in force now: another one may take its place while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

use auth::Secret;

use crate::config::Config;
use crate::policies::Policies;

/// The configuration in force. Clones are the same. What handlers need of it they ask for at each request.
#[derive(Debug, Clone)]
pub(crate) struct InForce(Arc<RwLock<Arc<Current>>>);

/// One configuration, and what is made of it once.
#[derive(Debug)]
pub(crate) struct Current {
    pub(crate) config: Config,
    /// The content security policies.
    pub(crate) policies: Policies,
    /// Whoever shows it may read `/metrics`, and nothing else.
    pub(crate) metrics_token: Option<Secret>,
}

impl InForce {
    pub(crate) fn new(config: Config) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(Current::new(config)))))
    }

    pub(crate) fn get(&self) -> Arc<Current> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts another in its place.
    pub(crate) fn set(&self, config: Config) {
        let current = Arc::new(Current::new(config));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = current;
    }
}

impl Current {
    fn new(config: Config) -> Self {
        let policies = Policies::new(&config.embed_origins);
        let metrics_token = config.metrics_token();
        Self { config, policies, metrics_token }
    }
}
