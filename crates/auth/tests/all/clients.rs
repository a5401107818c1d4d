//! Who a client is: behind proxies, on the server's own machine, and as the page of somebody else.

use crate::common::{LOOPBACK, STRANGER, auth, client, headers};
use auth::{Config, IpNet};
use http::Uri;

const OWN: (&str, &str) = ("host", "localhost:3000");

fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|it| it.parse().unwrap()).collect()
}

#[test]
fn behind_a_proxy_that_names_nobody_nobody_is_the_own_machine() {
    let auth = auth(Config::default());
    for host in ["live.example", "127.0.0.1", "localhost", "127.0.0.1:8080"] {
        let client = client(&auth, LOOPBACK, &[("host", host)]);
        assert!(!client.is_own_machine && !client.is_unlimited(), "{host}");
    }
    assert!(client(&auth, LOOPBACK, &[OWN]).is_own_machine);
}

#[test]
fn a_page_of_a_rebound_name_is_neither_served_nor_the_own_machine() {
    let auth = auth(Config::default());
    let lines = [("host", "evil.example:3000"), ("origin", "http://evil.example:3000")];
    assert!(!client(&auth, LOOPBACK, &lines).is_own_machine);
    assert!(auth.check_host(&Uri::from_static("/ws"), &headers(&lines)).is_err());
}

#[test]
fn the_server_is_served_by_its_own_names_and_those_configured() {
    let config = Config { hosts: vec!["live.example".into()], ..Config::default() };
    let auth = auth(config);
    let check = |host| auth.check_host(&Uri::from_static("/"), &headers(&[("host", host)])).is_ok();
    for ours in ["localhost:3000", "192.168.1.5:3000", "STUDIO-PC.local:3000", "live.example"] {
        assert!(check(ours), "{ours}");
    }
    assert!(!check("other.example"));
}

#[test]
fn a_foreign_page_in_a_browser_of_the_own_machine_has_no_right_of_it() {
    let own_machine = |origins: &[&str], origin| {
        let origins = origins.iter().map(|it| (*it).to_owned()).collect();
        let auth = auth(Config { origins, ..Config::default() });
        client(&auth, LOOPBACK, &[OWN, ("origin", origin)]).is_own_machine
    };
    assert!(own_machine(&[], "http://localhost:3000"));
    assert!(own_machine(&[], "http://localhost:5173"), "a development server");
    assert!(own_machine(&["https://studio.example"], "https://studio.example"));
    for foreign in ["https://evil.example", "null", "file://", "\u{e9}"] {
        assert!(!own_machine(&[], foreign), "{foreign}");
        assert!(!own_machine(&["*"], foreign), "{foreign} where every page may watch");
    }
}

#[test]
fn a_page_that_may_use_the_server_may_read_its_answers() {
    let named = auth(Config { origins: vec!["https://fans.example".into()], ..Config::default() });
    let answer = |auth: &auth::Auth, peer, origin: &str| {
        let lines = [OWN, ("origin", origin)];
        let client = client(auth, peer, &lines);
        let allowed = auth.allowed_origin(&client, &headers(&lines));
        assert_eq!(allowed.is_some(), auth.check_origin(&client, &headers(&lines)).is_ok());
        allowed.map(|it| it.to_str().unwrap().to_owned())
    };
    let says = |text: &str| Some(text.to_owned());
    assert_eq!(answer(&named, STRANGER, "https://fans.example"), says("https://fans.example"));
    assert_eq!(answer(&named, STRANGER, "http://localhost:3000"), says("http://localhost:3000"));
    assert_eq!(answer(&named, STRANGER, "https://evil.example"), None);
    assert_eq!(answer(&named, STRANGER, "http://localhost:5173"), None);
    assert_eq!(answer(&named, LOOPBACK, "http://localhost:5173"), says("http://localhost:5173"));
    let all = auth(Config { origins: vec!["*".into()], ..Config::default() });
    assert_eq!(answer(&all, STRANGER, "https://evil.example"), says("*"));
    assert_eq!(answer(&all, STRANGER, "null"), says("*"));
    let program = client(&named, STRANGER, &[OWN]);
    assert!(named.check_origin(&program, &headers(&[OWN])).is_ok());
    assert_eq!(named.allowed_origin(&program, &headers(&[OWN])), None);
}

#[test]
fn fans_behind_a_chain_of_proxies_are_told_apart() {
    let trusted_proxies = nets(&["127.0.0.0/8", "10.0.0.0/8"]);
    let auth = auth(Config { trusted_proxies, ..Config::default() });
    let ip =
        |peer, list: &str| client(&auth, peer, &[OWN, ("x-forwarded-for", list)]).ip.to_string();
    assert_eq!(ip("10.0.0.2", "203.0.113.7"), "203.0.113.7");
    assert_eq!(ip("10.0.0.2", "1.1.1.1, 203.0.113.7:4711, 10.0.0.3"), "203.0.113.7");
    assert_eq!(ip("::ffff:10.0.0.2", "2001:db8::7"), "2001:db8::7");
    assert_eq!(ip(LOOPBACK, "203.0.113.8"), "203.0.113.8");
    assert_eq!(ip(STRANGER, "1.1.1.1"), STRANGER, "nobody speaks for a stranger");
}

#[test]
fn who_forwards_is_not_the_own_machine() {
    let auth = auth(Config::default());
    for name in ["via", "x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "cf-ray"] {
        for value in ["127.0.0.1", "for=127.0.0.1", "", "\u{e9}"] {
            let client = client(&auth, LOOPBACK, &[OWN, (name, value)]);
            assert!(!client.is_own_machine, "{name}: {value}");
        }
    }
}

#[test]
fn only_an_address_that_is_sure_is_in_a_trusted_network() {
    let auth = auth(Config {
        trusted_proxies: nets(&["10.0.0.0/24"]),
        trusted_networks: nets(&["10.0.0.0/16", "2001:db8::/32"]),
        ..Config::default()
    });
    let trusted = |peer, lines: &[(&'static str, &str)]| {
        let client = client(&auth, peer, lines);
        assert_eq!(client.is_unlimited(), client.is_trusted_network);
        client.is_trusted_network
    };
    assert!(trusted("10.0.9.9", &[OWN]));
    assert!(trusted("10.0.0.2", &[("x-forwarded-for", "10.0.9.9")]));
    assert!(trusted("10.0.0.2", &[("x-forwarded-for", "2001:db8::7")]));
    assert!(!trusted("10.0.0.2", &[("x-forwarded-for", "10.0.9.9, 203.0.113.7")]));
    assert!(!trusted(STRANGER, &[("x-forwarded-for", "10.0.9.9")]));
    // The proxy is in a trusted network, and its client may be anybody.
    assert!(!trusted("10.0.0.2", &[("x-forwarded-for", "nonsense")]));
    assert!(!trusted("10.0.0.2", &[("via", "1.1 proxy")]));
}

#[test]
fn only_a_trusted_proxy_tells_that_the_client_speaks_https() {
    let auth = auth(Config::default());
    let lines = headers(&[("x-forwarded-proto", "https,http")]);
    assert!(auth.is_https(LOOPBACK.parse().unwrap(), &lines));
    assert!(!auth.is_https(STRANGER.parse().unwrap(), &lines));
    assert!(!auth.is_https(LOOPBACK.parse().unwrap(), &headers(&[OWN])));
}
