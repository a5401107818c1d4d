//! The request to stop.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells a server to stop. Clones are the same.
#[derive(Debug, Clone)]
pub struct Shutdown(Arc<watch::Sender<bool>>);

impl Default for Shutdown {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Shutdown {
    /// Stops the server: WebSockets get a close frame, connections end.
    pub fn trigger(&self) {
        self.0.send_replace(true);
    }

    /// Whether it is stopping.
    pub fn is_triggered(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until it is to stop.
    pub async fn wait(&self) {
        // We hold the sender, so it cannot be gone.
        _ = self.0.subscribe().wait_for(|stop| *stop).await;
    }
}
