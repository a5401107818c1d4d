//! What is printed when the server has started: where to go, and who may do what there.

use std::fmt::Write;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use server::auth::PublishOpen;
use server::{Config, Running};

/// Addresses of one family that are listed: a machine with containers may have dozens.
const LISTED: usize = 4;

/// The greeting: addresses for the host and for the fans.
pub(crate) fn greeting(config: &Config, running: &Running) -> String {
    let at = running.addr();
    let lan = if at.ip().is_unspecified() { lan_addresses(at.is_ipv6()) } else { Vec::new() };
    text(config, at, running.udp_port(), &lan)
}

fn text(config: &Config, at: SocketAddr, udp_port: u16, lan: &[IpAddr]) -> String {
    let (ip, port, room) = (at.ip(), at.port(), &config.default_room);
    let home = if ip.is_unspecified() || ip.is_loopback() { "localhost".into() } else { host(ip) };
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        _ = writeln!(out, "{text}");
    };
    line(format_args!("Kaibo 开播 is running.\n"));
    line(format_args!("  go live:  http://{home}:{port}/host"));
    line(format_args!("  watch:    http://{home}:{port}/r/{room}"));
    for ip in lan {
        line(format_args!(
            "            http://{}:{port}/r/{room}  (for fans in your network)",
            host(*ip)
        ));
    }
    line(format_args!("  media:    UDP port {udp_port}; let it through your firewall\n"));
    let who = match (config.publish_open(), config.publish.key.is_some()) {
        (PublishOpen::All, _) => "anyone who can reach this server may go live.",
        (PublishOpen::Loopback, true) => {
            "this computer may go live; others with the publishing key."
        }
        (PublishOpen::Loopback, false) => {
            "only this computer may go live; set KAIBO_PUBLISH_KEY to let others."
        }
        (PublishOpen::None, true) => "whoever has the publishing key may go live.",
        (PublishOpen::None, false) => {
            "nobody may go live: set KAIBO_PUBLISH_KEY, or --publish-open loopback."
        }
    };
    line(format_args!("  {who}"));
    if ip.is_loopback() {
        line(format_args!(
            "  Only this computer can open these pages. For phones and other computers, put an HTTPS\n  \
             proxy in front (and name it: --allow-host), or listen everywhere: --listen '[::]:{port}'"
        ));
    } else {
        line(format_args!(
            "  Phones and other computers can watch over http, but browsers give them camera and\n  \
             microphone only over HTTPS: to go live from there, put an HTTPS proxy in front\n  (and name it: --allow-host live.example.com)."
        ));
    }
    out
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Addresses of this machine that others may reach it by; none when the system does not tell.
fn lan_addresses(with_ipv6: bool) -> Vec<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let ips = all.iter().map(if_addrs::Interface::ip).collect();
    reachable(ips, with_ipv6)
}

fn reachable(mut ips: Vec<IpAddr>, with_ipv6: bool) -> Vec<IpAddr> {
    ips.sort();
    ips.dedup();
    let v4 = ips.iter().filter(|ip| match ip {
        IpAddr::V4(ip) => !ip.is_loopback() && !ip.is_link_local() && !ip.is_unspecified(),
        IpAddr::V6(_) => false,
    });
    let v6 = ips.iter().filter(|ip| match ip {
        IpAddr::V6(ip) => with_ipv6 && (is_global(*ip) || ip.is_unique_local()),
        IpAddr::V4(_) => false,
    });
    v4.take(LISTED).chain(v6.take(LISTED)).copied().collect()
}

/// Global unicast, 2000::/3.
fn is_global(ip: Ipv6Addr) -> bool {
    ip.segments()[0] & 0xe000 == 0x2000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|it| it.parse().unwrap()).collect()
    }

    #[test]
    fn it_says_where_to_go_and_never_the_key() {
        let mut config = Config::default();
        config.publish.key = Some(server::config::SecretText("hunter2hunter2hunter2".into()));
        config.publish.open = Some(PublishOpen::Loopback);
        let lan = ips(&["192.168.1.5", "fd00::5"]);
        let text = text(&config, "[::]:3000".parse().unwrap(), 3000, &lan);
        assert!(text.contains("http://localhost:3000/host"), "{text}");
        assert!(text.contains("http://localhost:3000/r/default"), "{text}");
        assert!(text.contains("http://192.168.1.5:3000/r/default"), "{text}");
        assert!(text.contains("http://[fd00::5]:3000/r/default"), "{text}");
        assert!(text.contains("others with the publishing key"), "{text}");
        assert!(text.contains("Phones and other computers can watch"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn it_promises_nothing_to_others_where_only_this_computer_is_heard() {
        for at in ["127.0.0.1:4000", "[::1]:4000"] {
            let text = text(&Config::default(), at.parse().unwrap(), 4000, &[]);
            assert!(text.contains("http://localhost:4000/host"), "{text}");
            assert!(!text.contains("can watch"), "{text}");
            assert!(text.contains("--listen '[::]:4000'"), "{text}");
        }
    }

    #[test]
    fn addresses_that_others_reach_are_listed_and_few() {
        let all = ips(&[
            "127.0.0.1",
            "::1",
            "169.254.1.1",
            "192.168.1.5",
            "192.168.1.5",
            "fe80::1",
            "fd00::5",
            "2001:db8::7",
            "ff02::1",
            "::",
        ]);
        assert_eq!(reachable(all.clone(), true), ips(&["192.168.1.5", "2001:db8::7", "fd00::5"]));
        assert_eq!(reachable(all, false), ips(&["192.168.1.5"]));
        let many = (0..50).map(|n| IpAddr::from([10, 0, 0, n])).collect();
        assert_eq!(reachable(many, true).len(), LISTED);
    }
}
