//! An address beside the port of pages, for few connections of programs: HTTP/1.1 without TLS.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};
use tower_service::Service;

use super::limits::{HEAD_BYTES, HEAD_WITHIN, JUST_CAME};
use crate::limits::{METRICS_CONNECTIONS, METRICS_WITHIN};
use crate::shutdown::Shutdown;

/// Serves a router until the server stops.
pub(crate) async fn serve_aside(listener: TcpListener, router: Router, shutdown: Shutdown) {
    let places = Arc::new(Semaphore::new(METRICS_CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shutdown.wait() => return,
        };
        match (accepted, places.clone().try_acquire_owned()) {
            (Ok((stream, peer)), Ok(place)) => {
                let (router, shutdown) = (router.clone(), shutdown.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        _ = timeout(METRICS_WITHIN, serve(stream, peer, router)) => {}
                        () = shutdown.wait() => {}
                    }
                    drop(place);
                });
            }
            // Closed: there are as many as there may be.
            (Ok(_), Err(_)) => {}
            // Out of file descriptors, mostly.
            (Err(_), _) => sleep(JUST_CAME).await,
        }
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, router: Router) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(HEAD_BYTES);
    let service = service_fn(move |request| router.clone().call(request));
    if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%peer, %error, "connection for metrics ended");
    }
}
