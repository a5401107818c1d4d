//! What is printed when the server has started: where to go, and who may do what there.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use server::auth::PublishOpen;
use server::{Config, Running};

/// The greeting: addresses for the host and for the fans.
pub(crate) fn greeting(config: &Config, running: &Running) -> String {
    let at = running.addr();
    text(config, at, running.udp_port(), &server::lan_addresses(at))
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
}
