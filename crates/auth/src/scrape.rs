//! Who may read the metrics.

use std::time::Instant;

use crate::{Auth, ClientAddr, Denied, Secret};

impl Auth {
    /// Whether a client may read the metrics: whoever shows the token for it, and whoever may look at the server.
    ///
    /// # Errors
    /// When it may not.
    pub fn may_scrape(
        &self,
        client: &ClientAddr,
        token: Option<&Secret>,
        given: Option<&Secret>,
        now: Instant,
    ) -> Result<(), Denied> {
        match (token, given) {
            (Some(ours), Some(given)) if ours.is(given) => Ok(()),
            _ => self.may_look(client, given, false, now),
        }
    }
}
