//! A server that shows the certificates and answers the challenges.

use tls::Certificates;
use tls::acme::Challenges;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// Returns what each client sends.
pub(crate) async fn serve_tls(certificates: Certificates) {
    let acceptor = TlsAcceptor::from(tls::server_config(certificates).unwrap());
    accept(443, move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let (mut from, mut to) = tokio::io::split(stream);
            _ = tokio::io::copy(&mut from, &mut to).await;
        }
    })
    .await;
}

/// Answers HTTP-01 challenges.
pub(crate) async fn serve_http(challenges: Challenges) {
    accept(80, move |mut stream| {
        let challenges = challenges.clone();
        async move {
            let mut line = String::new();
            let (read, mut write) = stream.split();
            _ = BufReader::new(read).read_line(&mut line).await;
            let path = line.split(' ').nth(1).unwrap_or_default();
            let token = path.strip_prefix("/.well-known/acme-challenge/").unwrap_or_default();
            let answer = challenges.get(token).map_or_else(
                || "HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n".to_owned(),
                |key| format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{key}"),
            );
            _ = write.write_all(answer.as_bytes()).await;
        }
    })
    .await;
}

async fn accept<F: Future<Output = ()> + Send>(
    port: u16,
    serve: impl Fn(TcpStream) -> F + Clone + Send + 'static,
) {
    let mut listeners = vec![TcpListener::bind(("0.0.0.0", port)).await.unwrap()];
    // A machine may have no IPv6.
    listeners.extend(TcpListener::bind(("::1", port)).await.ok());
    for listener in listeners {
        let serve = serve.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serve = serve.clone();
                tokio::spawn(async move { serve(stream).await });
            }
        });
    }
}
