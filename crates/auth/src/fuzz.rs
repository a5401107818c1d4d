//! What must hold for any bytes of a client: rounds of the fuzz targets, which `tests/fuzz.rs` runs briefly.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderName, HeaderValue, Uri, Version};
use protocol::RoomName;

use crate::{
    Action, Auth, Config, Connection, Credential, Denied, OwnAddresses, Secret, SecretKind,
};

/// A machine whose proxies are in 10.0.0.0/8, which closes publishing and allows one more page.
fn auth() -> Auth {
    let nets = |text: &str| text.parse().into_iter().collect();
    let config = Config {
        key: Some(Secret::new("sixteen letters!")),
        origins: vec!["https://studio.example".into()],
        hosts: vec!["live.example".into()],
        trusted_proxies: nets("10.0.0.0/8"),
        trusted_networks: nets("192.168.0.0/16"),
        ..Config::default()
    };
    Auth::new(config, OwnAddresses { port: 3000, names: Vec::new() })
}

fn plain(peer: IpAddr) -> Connection {
    Connection { peer, version: Version::HTTP_11, is_tls: false }
}

/// A header for each line: the name goes on to the first `:`; without one it is `name`.
fn headers(data: &[u8], name: &HeaderName) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|b| *b == b'\n').take(100) {
        let mut parts = line.splitn(2, |b| *b == b':');
        let (key, value) = (parts.next().unwrap_or_default(), parts.next());
        let key = value.and_then(|_| HeaderName::from_bytes(key).ok());
        let value = if key.is_some() { value.unwrap_or_default() } else { line };
        if let Ok(value) = HeaderValue::from_bytes(value.trim_ascii()) {
            headers.append(key.unwrap_or_else(|| name.clone()), value);
        }
    }
    headers
}

/// What proxies say makes nobody the own machine, and is believed from trusted ones alone.
pub fn forwarded(data: &[u8]) {
    let auth = auth();
    let headers = headers(data, &HeaderName::from_static("x-forwarded-for"));
    let stranger: IpAddr = Ipv4Addr::new(198, 51, 100, 9).into();
    for peer in [stranger, Ipv4Addr::new(10, 0, 0, 2).into(), Ipv4Addr::LOCALHOST.into()] {
        let client = auth.identify(plain(peer), &headers);
        assert_eq!(client.ip, client.ip.to_canonical());
        if crate::forwarded::is_forwarded(&headers) {
            assert!(!client.is_own_machine);
        }
        if peer == stranger {
            assert_eq!(client.ip, peer);
            assert!(!client.is_unlimited() && !auth.is_https(peer, &headers));
        }
    }
}

/// A host is ours or is refused, and nothing but a name of ours is on the own machine.
pub fn host(data: &[u8]) {
    let auth = auth();
    let headers = headers(data, &HOST);
    let uri = data.split(|b| *b == b'\n').next().and_then(|line| Uri::try_from(line).ok());
    let checked = auth.check_host(&Uri::from_static("/"), &headers);
    if let Some(uri) = uri {
        let by_uri = auth.check_host(&uri, &headers);
        assert!(by_uri.is_err() || checked.is_ok(), "a URL allows no host by itself");
    }
    if let Err(refused) = &checked {
        assert!(refused.to_string().len() < 700, "an error repeats no more than a name");
    }
    let client = auth.identify(plain(Ipv4Addr::LOCALHOST.into()), &headers);
    assert!(!client.is_own_machine || checked.is_ok());
}

/// A page is allowed to send exactly when it is allowed to read.
pub fn origin(data: &[u8]) {
    let auth = auth();
    let mut headers = headers(data, &ORIGIN);
    headers.entry(HOST).or_insert(HeaderValue::from_static("localhost:3000"));
    let client = auth.identify(plain(Ipv4Addr::LOCALHOST.into()), &headers);
    let checked = auth.check_origin(&client, &headers);
    if headers.contains_key(ORIGIN) {
        assert_eq!(auth.allowed_origin(&client, &headers).is_some(), checked.is_ok());
    } else {
        assert!(checked.is_ok());
    }
    assert!(!client.is_own_machine || checked.is_ok(), "a foreign page is not the own machine");
    if let Err(refused) = checked {
        assert!(refused.to_string().len() < 400, "an error repeats no more than an origin");
    }
}

/// Only the key is the key, however often another is tried.
pub fn secret(data: &[u8]) {
    let auth = auth();
    let Ok(Ok(Some(given))) = std::str::from_utf8(data).map(Secret::parse) else { return };
    let Ok(room) = RoomName::parse("room") else { return };
    let client = auth.identify(plain(Ipv4Addr::new(192, 0, 2, 7).into()), &HeaderMap::new());
    let (is_ours, now) = (data == b"sixteen letters!", Instant::now());
    let credential = Credential::of_key(Some(given.clone()));
    for _ in 0..12 {
        let may = auth.may(&client, Action::Publish, &room, &credential, now);
        assert_eq!(may, if is_ours { Ok(()) } else { Err(Denied::KeyWrong) });
    }
    assert!(auth.is_same(&client, SecretKind::HostIdentity, &given, &given, now).is_ok());
}
