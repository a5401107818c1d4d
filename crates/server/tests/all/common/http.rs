//! Requests as encoders and players make them.

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use super::{TestServer, soon};

/// What the stand-in for the media plane describes: sound and picture, all taken.
pub(crate) const ANSWER: &str = "v=0\r\no=- 9 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-lite\r\n\
    a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:ours{n}\r\n\
    a=ice-pwd:ourpasswordourpassword{n}\r\na=candidate:1 1 udp 1 192.0.2.1 4000 typ host\r\n\
    a=end-of-candidates\r\na=rtcp-mux\r\na=recvonly\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\n\
    a=ice-ufrag:ours{n}\r\na=ice-pwd:ourpasswordourpassword{n}\r\na=rtcp-mux\r\na=recvonly\r\n";

/// An encoder's offer.
pub(crate) const OFFER: &str = "v=0\r\no=- 7 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
    a=group:BUNDLE 0 1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:theirpasswordtheirpassword\r\na=setup:actpass\r\na=sendonly\r\na=msid:s a\r\n\
    m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=ice-ufrag:abcd\r\n\
    a=ice-pwd:theirpasswordtheirpassword\r\na=setup:actpass\r\na=sendonly\r\na=msid:s v\r\n";

/// A player's offer.
pub(crate) fn play_offer() -> String {
    OFFER.replace("a=sendonly\r\n", "a=recvonly\r\n").replace("a=msid:s a\r\n", "")
}

/// The fragment of an ICE restart.
pub(crate) const RESTART: &str = "a=ice-options:trickle\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
    a=mid:0\r\na=ice-ufrag:wxyz\r\na=ice-pwd:anotherpasswordanotherpassword\r\n";

/// The fragment of a candidate.
pub(crate) const CANDIDATE: &str = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n\
    a=ice-ufrag:abcd\r\na=ice-pwd:theirpasswordtheirpassword\r\n\
    a=candidate:1 1 udp 1 192.0.2.7 5000 typ host\r\na=end-of-candidates\r\n";

pub(crate) const SDP: &str = "content-type: application/sdp\r\n";
pub(crate) const FRAGMENT: &str = "content-type: application/trickle-ice-sdpfrag\r\n";

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    /// A header; all of that name, when there are more.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let mut found = Vec::new();
        for line in self.head.lines().skip(1) {
            if let Some((key, value)) = line.split_once(':')
                && key.eq_ignore_ascii_case(name)
            {
                found.push(value.trim());
            }
        }
        (!found.is_empty()).then(|| found.join(", "))
    }

    /// `Location`: a path, without scheme and host.
    pub(crate) fn location(&self) -> String {
        let location = self.header("location").expect("a Location");
        assert!(location.starts_with('/') && !location.starts_with("//"), "{location}");
        location
    }

    pub(crate) fn etag(&self) -> String {
        self.header("etag").expect("an ETag")
    }

    /// The code of a problem.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(self.header("content-type").as_deref(), Some("application/problem+json"));
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(body["status"], self.status);
        assert!(body["detail"].as_str().unwrap().len() > 10, "{body}");
        body["code"].as_str().unwrap().to_owned()
    }
}

impl TestServer {
    /// One request with a body.
    pub(crate) async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &str,
        body: &str,
    ) -> Response {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\
             content-length: {length}\r\n{headers}\r\n"
        );
        let request = self.with_host(&format!("{head}{body}"));
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        soon(stream.read_to_string(&mut text)).await.unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// The status of the answer to a request as it stands, on a connection that may stay.
    pub(crate) async fn answered(&self, request: &str) -> u16 {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        stream.write_all(self.with_host(request).as_bytes()).await.unwrap();
        let mut line = String::new();
        soon(BufReader::new(stream).read_line(&mut line)).await.unwrap();
        line.split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// Publishes, and lets the media flow.
    pub(crate) async fn publish(&self, path: &str, headers: &str) -> Response {
        let created = self.request("POST", path, &format!("{SDP}{headers}"), OFFER).await;
        assert_eq!(created.status, 201, "{created:?}");
        self.flow();
        created
    }

    /// Reads a stream of events.
    pub(crate) async fn events(&self, path: &str) -> Events {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        let (read, mut write) = stream.into_split();
        let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\naccept: text/event-stream\r\n\r\n");
        write.write_all(self.with_host(&head).as_bytes()).await.unwrap();
        let mut events = Events { lines: BufReader::new(read), _write: write };
        let status = events.line().await;
        assert!(status.contains(" 200 "), "{status}");
        while !events.line().await.is_empty() {}
        events
    }
}

/// A stream of events.
pub(crate) struct Events {
    lines: BufReader<OwnedReadHalf>,
    _write: tokio::net::tcp::OwnedWriteHalf,
}

impl Events {
    async fn line(&mut self) -> String {
        let mut line = String::new();
        soon(self.lines.read_line(&mut line)).await.unwrap();
        line.trim_end().to_owned()
    }

    /// The next event and its data; none when the stream is over.
    pub(crate) async fn next(&mut self) -> Option<(String, serde_json::Value)> {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            let n = soon(self.lines.read_line(&mut line)).await.unwrap();
            // Chunks of HTTP: "0" is the last.
            if n == 0 || line.trim_end() == "0" {
                return None;
            }
            if let Some(event) = line.strip_prefix("event: ") {
                name = event.trim_end().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                return Some((name, serde_json::from_str(data.trim_end()).unwrap()));
            }
        }
    }

    /// The next event of a name.
    pub(crate) async fn find(&mut self, wanted: &str) -> serde_json::Value {
        loop {
            let (name, data) = self.next().await.expect("the stream goes on");
            if name == wanted {
                return data;
            }
        }
    }
}
