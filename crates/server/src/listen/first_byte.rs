//! What a connection speaks, told by its first byte.

use std::io;

use tokio::net::TcpStream;

/// What a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    /// TLS: a handshake record (RFC 8446, section 5.1).
    Tls,
    /// Media: a frame with a connectivity check in it, whose length is below 1,536 (RFC 4571, section 2).
    Media,
    /// HTTP: methods are letters (RFC 9110, section 9.1).
    Http,
}

impl Speaks {
    fn of(first: u8) -> Self {
        match first {
            0x16 => Self::Tls,
            0..=5 => Self::Media,
            // Whatever is no HTTP is answered 400.
            _ => Self::Http,
        }
    }
}

/// Waits for the first byte, which stays in the stream.
pub(super) async fn first_byte(stream: &TcpStream) -> io::Result<Speaks> {
    let mut first = [0];
    match stream.peek(&mut first).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(Speaks::of(first[0])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_tells() {
        assert_eq!(Speaks::of(0x16), Speaks::Tls);
        assert_eq!(Speaks::of(0), Speaks::Media);
        for letter in *b"GPHODC \n\xff" {
            assert_eq!(Speaks::of(letter), Speaks::Http);
        }
    }
}
