//! Takes connections from the system.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::connection;
use super::handlers::Handlers;
use super::table::Table;

/// How long to wait when the system has nothing for one more connection and none can give way.
const RETRY_AFTER: Duration = Duration::from_millis(100);

/// Accepts connections until told to stop.
pub(crate) async fn accept(listener: TcpListener, table: Arc<Table>, handlers: Handlers) {
    let shutdown = handlers.shutdown.clone();
    loop {
        while let Some(wait) = table.wait_for_place(Instant::now()) {
            tokio::select! {
                () = table.freed() => {}
                () = tokio::time::sleep(wait) => {}
                () = shutdown.wait() => return,
            }
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.wait() => return,
        };
        match accepted {
            Ok((stream, peer)) => begin(stream, peer, &table, &handlers),
            Err(error) => recover(&error, &table).await,
        }
    }
}

fn begin(stream: TcpStream, peer: SocketAddr, table: &Arc<Table>, handlers: &Handlers) {
    let Some((place, closed)) = table.admit(peer.ip(), Instant::now()) else {
        tracing::debug!(ip = %peer.ip(), "connection refused: no place");
        return;
    };
    // Signalling is small messages that somebody waits for. Where an option is refused, the connection works
    // without it.
    _ = stream.set_nodelay(true);
    _ = bound_unsent(&stream);
    tokio::spawn(connection::run(stream, peer, place, closed, handlers.clone()));
}

/// Bounds what the system holds for a peer that does not read.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn bound_unsent(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(super::limits::UNSENT_BYTES)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn bound_unsent(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// After an error of `accept`: makes the next one succeed.
async fn recover(error: &io::Error, table: &Table) {
    tracing::debug!(%error, "connection not accepted");
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        // The peer's doing: the next one may be there.
        return;
    }
    // Out of file descriptors, mostly: that of an unfinished connection serves the newcomer better. It comes
    // back when that connection's task has ended.
    table.evict_one();
    tokio::select! {
        () = table.freed() => {}
        () = tokio::time::sleep(RETRY_AFTER) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listen::Limits;

    #[tokio::test(start_paused = true)]
    async fn without_a_file_descriptor_an_unfinished_connection_gives_way_at_once() {
        let table = Table::new(Limits::default());
        let (place, closed) = table.admit([192, 0, 2, 1].into(), Instant::now()).unwrap();
        let connection = tokio::spawn(async move {
            closed.await.unwrap();
            drop(place);
        });
        let start = Instant::now();
        recover(&io::Error::from(io::ErrorKind::Other), &table).await;
        assert_eq!(start.elapsed(), Duration::ZERO, "it goes on without a pause");
        connection.await.unwrap();
        recover(&io::Error::from(io::ErrorKind::Other), &table).await;
        assert_eq!(start.elapsed(), RETRY_AFTER, "nothing can give way");
    }
}
