//! One connection with many requests, however they come.

use crate::common::{soon, start};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const GET: &[u8] = b"GET /api/health HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// Reads until there are so many answers, and no more.
async fn answers(stream: &mut TcpStream, wanted: usize) {
    let mut text = String::new();
    let mut buffer = [0; 4_096];
    let count = |text: &str| text.matches("HTTP/1.1 200").count();
    while count(&text) < wanted || !text.ends_with('}') {
        let n = soon(stream.read(&mut buffer)).await.unwrap();
        assert!(n > 0, "closed after {text}");
        text.push_str(std::str::from_utf8(&buffer[..n]).unwrap());
    }
    assert_eq!(count(&text), wanted, "{text}");
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_wherever_they_are_cut() {
    let server = start().await;
    let three = GET.repeat(3);
    for at in [1, GET.len() - 1, GET.len(), GET.len() + 1, 2 * GET.len() + 5] {
        let (first, rest) = three.split_at(at);
        let before = at / GET.len();
        let mut stream = TcpStream::connect(server.addr).await.unwrap();
        stream.write_all(first).await.unwrap();
        if before > 0 {
            answers(&mut stream, before).await;
        }
        stream.write_all(rest).await.unwrap();
        answers(&mut stream, 3 - before).await;
    }
}

#[tokio::test]
async fn a_connection_ends_when_the_client_says_so_after_any_number_of_requests() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    for _ in 0..3 {
        stream.write_all(GET).await.unwrap();
        answers(&mut stream, 1).await;
    }
    let last = "GET /api/health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(last.as_bytes()).await.unwrap();
    let mut text = String::new();
    soon(stream.read_to_string(&mut text)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200") && text.ends_with('}'), "{text}");
}

#[tokio::test]
async fn the_body_of_a_refused_request_is_no_request() {
    let server = start().await;
    let mut stream = TcpStream::connect(server.addr).await.unwrap();
    stream.write_all(GET).await.unwrap();
    answers(&mut stream, 1).await;
    let inner = std::str::from_utf8(GET).unwrap();
    let post = format!(
        "POST /api/nothing HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n\r\n{inner}",
        inner.len()
    );
    stream.write_all(post.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut text = String::new();
    // It may end with a reset, since the body is not read.
    _ = soon(stream.read_to_string(&mut text)).await;
    assert!(!text.contains("HTTP/1.1 200"), "{text}");
}
