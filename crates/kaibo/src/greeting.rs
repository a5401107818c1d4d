//! What is printed when the server has started: where to go, and who may do what there.

use std::fmt::Write;
use std::net::{IpAddr, SocketAddr};

use fast_qr::qr::QRBuilder;
use server::auth::PublishOpen;
use server::config::TlsMode;
use server::{Config, Running};

/// The port that an HTTPS address need not name.
const HTTPS_PORT: u16 = 443;

/// The greeting: addresses for the host and for the fans.
pub(crate) fn greeting(config: &Config, running: &Running) -> String {
    let at = running.addr();
    let lan = server::lan_addresses(at);
    let text = text(config, at, running.udp_port(), &lan);
    match running.first_owner_link() {
        Some(path) => format!("{text}{}", owner_link(config, at, &lan, &path)),
        None => text,
    }
}

/// How to become the owner, with a QR code for a phone.
fn owner_link(config: &Config, at: SocketAddr, lan: &[IpAddr], path: &str) -> String {
    let port = at.port();
    let scheme = if config.tls.effective_mode() == TlsMode::Off { "http" } else { "https" };
    let address = match config.tls.domains.first() {
        Some(name) if port == HTTPS_PORT => format!("https://{name}"),
        Some(name) => format!("https://{name}:{port}"),
        None if at.ip().is_unspecified() || at.ip().is_loopback() => {
            format!("http://localhost:{port}")
        }
        None => format!("{scheme}://{}:{port}", host(at.ip())),
    };
    let url = format!("{address}{path}");
    let mut out = format!(
        "\n  You are not set up as the owner yet. Open this once, within an hour, and choose a password:\n\n  \
         {url}\n\n  For another link: kaibo owner-link\n"
    );
    // A phone cannot open localhost.
    let for_phone = match (config.tls.domains.is_empty(), lan.first()) {
        (false, _) => Some(url),
        (true, Some(ip)) => Some(format!("{scheme}://{}:{port}{path}", host(*ip))),
        (true, None) => None,
    };
    if let Some(Ok(code)) = for_phone.map(|url| QRBuilder::new(url).build()) {
        out.push_str(&format!("\n{}\n", code.to_str()));
    }
    out
}

fn text(config: &Config, at: SocketAddr, udp_port: u16, lan: &[IpAddr]) -> String {
    let (ip, port, room) = (at.ip(), at.port(), &config.default_room);
    let home = if ip.is_unspecified() || ip.is_loopback() { "localhost".into() } else { host(ip) };
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string does not fail.
        _ = writeln!(out, "{text}");
    };
    let mode = config.tls.effective_mode();
    let scheme = if mode == TlsMode::Off { "http" } else { "https" };
    line(format_args!("Kaibo 开播 is running.\n"));
    line(format_args!("  go live:  http://{home}:{port}/host"));
    line(format_args!("  watch:    http://{home}:{port}/r/{room}"));
    for name in &config.tls.domains {
        let at = if port == HTTPS_PORT { name.clone() } else { format!("{name}:{port}") };
        line(format_args!("  anywhere: https://{at}/host and https://{at}/r/{room}"));
    }
    for ip in lan {
        line(format_args!(
            "            {scheme}://{}:{port}/r/{room}  (for fans in your network)",
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
    } else if mode == TlsMode::Local {
        line(format_args!(
            "  Phones and other computers trust this server once they have its certificate:\n  \
             open http://{}:{port}/trust on them.",
            lan.first().map_or("localhost".into(), |ip| host(*ip))
        ));
    } else if mode == TlsMode::Off {
        line(format_args!(
            "  Phones and other computers can watch over http, but browsers give them camera and\n  \
             microphone only over HTTPS: to go live from there, start with --tls local in your own\n  network, or with --domain live.example.com on a public server."
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
    fn with_https_it_says_so_to_phones() {
        let mut config = Config::default();
        config.tls.mode = Some(TlsMode::Local);
        let lan = ips(&["192.168.1.5"]);
        let told = text(&config, "[::]:3000".parse().unwrap(), 3000, &lan);
        assert!(told.contains("https://192.168.1.5:3000/r/default"), "{told}");
        assert!(told.contains("open http://192.168.1.5:3000/trust"), "{told}");
        config.tls.mode = None;
        config.tls.domains = vec!["live.example.com".into()];
        let told = text(&config, "[::]:443".parse().unwrap(), 443, &lan);
        assert!(told.contains("https://live.example.com/host"), "{told}");
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
