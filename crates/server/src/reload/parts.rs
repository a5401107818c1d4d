//! How each part of the server takes its settings.

use std::sync::Arc;
use std::time::Instant;

use auth::Auth;
use control::Admission;
use tokio::sync::watch;
use webhooks::Webhooks;

use super::source::Source;
use super::table::{Part, told};
use crate::config::Config;
use crate::driver::HubClient;
use crate::https::LoadAgain;
use crate::in_force::InForce;
use crate::listen::{Handshakes, Table};
use crate::public_ips::Asking;

/// The parts of a server that have settings which can change.
pub(crate) struct Parts {
    pub(crate) in_force: InForce,
    pub(crate) auth: Auth,
    pub(crate) hub: HubClient,
    pub(crate) admission: Admission,
    pub(crate) connections: Arc<Table>,
    pub(crate) handshakes: Handshakes,
    pub(crate) webhooks: Webhooks,
    pub(crate) public_ips: watch::Sender<Asking>,
    pub(crate) certificates: LoadAgain,
}

impl Parts {
    /// Puts a configuration in force of which these settings are others than before.
    pub(super) async fn apply(&self, config: Config, changed: &[String], source: &dyn Source) {
        for part in told(changed) {
            self.tell(part, &config, source).await;
        }
        self.in_force.set(config);
    }

    async fn tell(&self, part: Part, config: &Config, source: &dyn Source) {
        match part {
            Part::Log => source.set_log(&config.log),
            Part::Clients => self.auth.configure(config.auth()),
            Part::Rights => {
                self.hub.all_rules().await;
                // The hub answers once it has done what it was told before.
                self.hub.is_running().await;
            }
            Part::Control => {
                self.hub.configure(config.control()).await;
                self.hub.is_running().await;
            }
            Part::Admission => self.admission.set_capacity(config.capacity(), Instant::now()),
            Part::Connections => {
                self.connections.set_limits(config.connections());
                self.handshakes.set_trusted(config.without_handshake_limit());
            }
            Part::Webhooks => match config.webhook_policy() {
                Ok(policy) => self.webhooks.configure(&policy),
                Err(error) => tracing::error!(%error, "hosts of webhooks stay as they were"),
            },
            Part::PublicIps => {
                let new = Asking::of(config);
                self.public_ips.send_if_modified(|asking| {
                    let is_new = *asking != new;
                    *asking = new;
                    is_new
                });
            }
        }
    }
}
