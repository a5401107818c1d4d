//! What is printed when the server has started: where to go, and who may do what there.

use std::fmt::Write;
use std::net::IpAddr;

use server::signaling::PublishOpen;
use server::{Config, Running};

/// The greeting: addresses for the host and for the fans.
pub(crate) fn greeting(config: &Config, running: &Running) -> String {
    let lan = if config.listen.ip().is_unspecified() { lan_addresses() } else { Vec::new() };
    text(config, running.addr().ip(), running.addr().port(), running.udp_port(), &lan)
}

fn text(config: &Config, ip: IpAddr, port: u16, udp_port: u16, lan: &[IpAddr]) -> String {
    let room = &config.default_room;
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
    let who = match (config.publish.open, config.publish.key.is_some()) {
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
    line(format_args!(
        "  Phones and other computers can watch over http, but browsers give them camera and\n  \
         microphone only over HTTPS: to go live from there, put an HTTPS proxy in front."
    ));
    out
}

fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Addresses of this machine that others may reach it by; none when the system does not tell.
fn lan_addresses() -> Vec<IpAddr> {
    let all = if_addrs::get_if_addrs().unwrap_or_default();
    let mut ips: Vec<IpAddr> = all
        .iter()
        .filter(|interface| !interface.is_loopback() && !interface.is_link_local())
        .map(if_addrs::Interface::ip)
        .filter(IpAddr::is_ipv4)
        .collect();
    ips.sort();
    ips.dedup();
    ips
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_where_to_go_and_never_the_key() {
        let mut config = Config::default();
        config.publish.key = Some("hunter2".into());
        let lan = ["192.168.1.5".parse().unwrap()];
        let text = text(&config, "::".parse().unwrap(), 3000, 3000, &lan);
        assert!(text.contains("http://localhost:3000/host"), "{text}");
        assert!(text.contains("http://localhost:3000/r/default"), "{text}");
        assert!(text.contains("http://192.168.1.5:3000/r/default"), "{text}");
        assert!(text.contains("others with the publishing key"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
