//! Doors that are closed on purpose, and what the doctor says of each.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use protocol::{DoctorFinding, DoctorLevel};

use super::examine;
use crate::machine::{
    Cloud, Disk, Firewall, FirewallKind, Machine, Port, PortTaken, Resolved, UdpBuffers, Verdict,
};
use crate::server::{Certificate, Https, Order, OrderState, Server};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A public server on which all is well.
fn well() -> (Server, Machine) {
    let server = Server {
        is_running: true,
        listen: "[::]:443".parse().unwrap(),
        udp_port: 443,
        http_port: Some(80),
        has_http: true,
        public_ips: vec![ip("203.0.113.7")],
        announced: vec![ip("203.0.113.7"), ip("10.0.0.5")],
        domains: vec!["live.example.com".into()],
        https: Https::Acme,
        certificates: Vec::new(),
        uncovered: Vec::new(),
        orders: vec![Order {
            names: "live.example.com".into(),
            state: OrderState::Issued { renew_at: now() + 30 * DAY },
        }],
        has_proxy: false,
        data: "data".into(),
        max_connections: 10_000,
    };
    let machine = Machine {
        now: now(),
        is_clock_kept: Some(true),
        open_files: Some(65_536),
        udp_buffers: Some(UdpBuffers { wanted: 8 << 20, receive: 8 << 20, send: 8 << 20 }),
        is_segmenting: Some(true),
        huge_pages: Some("madvise".into()),
        disk: Disk { folder: "data".into(), free: Some(1 << 40), unwritable: None },
        addresses: vec![ip("127.0.0.1"), ip("10.0.0.5")],
        names: vec![Resolved {
            name: "live.example.com".into(),
            addresses: Ok(vec![ip("203.0.113.7")]),
        }],
        is_container: false,
        cloud: None,
        firewalls: Vec::new(),
        taken: Vec::new(),
    };
    (server, machine)
}

/// The one finding that is not fine, once `change` has been made.
fn found(change: impl FnOnce(&mut Server, &mut Machine)) -> DoctorFinding {
    let (mut server, mut machine) = well();
    change(&mut server, &mut machine);
    let findings = examine(&server, &machine);
    let bad: Vec<_> = findings.iter().filter(|it| it.level != DoctorLevel::Fine).collect();
    assert_eq!(bad.len(), 1, "{bad:#?}");
    bad[0].clone()
}

#[track_caller]
fn assert_closed(
    check: &str,
    says: &str,
    advises: &str,
    change: impl FnOnce(&mut Server, &mut Machine),
) {
    let finding = found(change);
    assert_eq!((finding.check.as_str(), finding.level), (check, DoctorLevel::Closed));
    assert!(finding.text.en.contains(says), "{finding:#?}");
    let advice = finding.advice.expect("a closed door has something to do");
    for words in [&advice.en, &advice.zh] {
        assert!(words.contains(advises), "{words}");
    }
}

#[test]
fn on_a_server_where_all_is_well_nothing_is_to_be_done() {
    let (server, machine) = well();
    let findings = examine(&server, &machine);
    assert!(findings.iter().all(|it| it.level == DoctorLevel::Fine), "{findings:#?}");
    assert!(findings.len() >= 9, "{findings:#?}");
}

#[test]
fn a_port_of_another_program_is_named_with_the_command_that_finds_it() {
    let taken = |port, is_denied| PortTaken { port, is_denied, why: "in use".into() };
    assert_closed("ports", "TCP 443", "ss -ltnp 'sport = :443'", |_, machine| {
        machine.taken.push(taken(Port::Tcp(443), false));
    });
    assert_closed("ports", "UDP 443", "--udp-port", |_, machine| {
        machine.taken.push(taken(Port::Udp(443), false));
    });
    assert_closed("ports", "administrator", "setcap", |_, machine| {
        machine.taken.push(taken(Port::Tcp(443), true));
    });
}

#[test]
fn pages_on_loopback_are_for_this_computer_unless_a_proxy_is_in_front() {
    let on_loopback = |server: &mut Server| server.listen = "127.0.0.1:443".parse().unwrap();
    assert_closed("listen", "only this computer", "--listen '[::]:443'", |server, _| {
        on_loopback(server);
    });
    let (mut server, machine) = well();
    on_loopback(&mut server);
    server.has_proxy = true;
    assert!(examine(&server, &machine).iter().all(|it| it.level == DoctorLevel::Fine));
}

#[test]
fn a_name_that_leads_elsewhere_or_nowhere_is_named() {
    assert_closed("names", "198.51.100.9", "A 203.0.113.7", |_, machine| {
        machine.names[0].addresses = Ok(vec![ip("198.51.100.9")]);
    });
    assert_closed("names", "leads nowhere", "A 203.0.113.7", |_, machine| {
        machine.names[0].addresses = Err("no such name".into());
    });
    // The half of the clients that have IPv6 would go elsewhere.
    assert_closed("names", "2001:db8::9", "2001:db8::9", |_, machine| {
        machine.names[0].addresses = Ok(vec![ip("203.0.113.7"), ip("2001:db8::9")]);
    });
}

#[test]
fn a_firewall_of_the_machine_is_named_with_the_command_that_opens_it() {
    let shut = |kind: FirewallKind| {
        vec![
            Firewall { kind: kind.clone(), port: Port::Tcp(443), verdict: Verdict::Open },
            Firewall { kind, port: Port::Udp(443), verdict: Verdict::Closed },
        ]
    };
    assert_closed("firewall", "UDP 443", "ufw allow 443/udp", |_, machine| {
        machine.firewalls = shut(FirewallKind::Ufw);
    });
    assert_closed(
        "firewall",
        "nftables",
        "nft insert rule inet filter input udp dport 443 accept",
        |_, it| {
            it.firewalls = shut(FirewallKind::Nftables("inet filter input".into()));
        },
    );
    assert_closed("firewall", "firewalld", "--add-port=443/udp", |_, machine| {
        machine.firewalls = shut(FirewallKind::Firewalld);
    });
}

#[test]
fn a_server_that_announces_addresses_of_its_own_network_only_is_told_of_public_ip() {
    assert_closed("media_address", "10.0.0.5", "--public-ip", |server, machine| {
        server.public_ips.clear();
        server.announced = vec![ip("10.0.0.5")];
        machine.addresses.push(ip("203.0.113.7"));
    });
    assert_closed("media_address", "172.17.0.2", "--network host", |server, machine| {
        server.announced = vec![ip("172.17.0.2")];
        machine.is_container = true;
    });
    // At home that is how it is.
    let (mut server, machine) = well();
    server.announced = vec![ip("10.0.0.5")];
    server.domains.clear();
    server.https = Https::Local;
    let findings = examine(&server, &machine);
    assert!(findings.iter().all(|it| it.level == DoctorLevel::Fine), "{findings:#?}");
}

#[test]
fn a_certificate_that_browsers_refuse_is_named() {
    let file = |names: &[&str], not_after| Certificate {
        names: names.iter().map(|it| (*it).to_owned()).collect(),
        not_after,
        is_public: true,
    };
    assert_closed("certificate", "expired", "--tls-cert", |server, _| {
        server.https = Https::Files;
        server.certificates = vec![file(&["live.example.com"], now() - DAY)];
    });
    assert_closed("certificate", "not for live.example.com", "live.example.com", |server, _| {
        server.https = Https::Files;
        server.certificates = vec![file(&["other.example.com"], now() + 60 * DAY)];
        server.uncovered = vec!["live.example.com".into()];
    });
    let soon = found(|server, _| {
        server.https = Https::Files;
        server.certificates = vec![file(&["live.example.com"], now() + 3 * DAY)];
    });
    assert_eq!(soon.level, DoctorLevel::Advice);
}

#[test]
fn an_authority_that_refuses_is_quoted_with_the_next_try() {
    let why = "Timeout during connect (likely firewall problem)";
    assert_closed("certificate", why, "GMT", |server, _| {
        server.orders[0].state =
            OrderState::Failed { why: why.into(), next_try: now() + Duration::from_secs(600) };
    });
    assert_closed("challenge_port", "443 or 80", "--listen '[::]:443'", |server, _| {
        server.listen = "[::]:8443".parse().unwrap();
        server.has_http = false;
    });
}

#[test]
fn without_https_the_flags_that_bring_it_are_named() {
    let finding = found(|server, _| server.https = Https::Off);
    assert_eq!(finding.level, DoctorLevel::Advice);
    assert!(finding.advice.unwrap().en.contains("--tls local"));
}

#[test]
fn limits_of_the_machine_are_named_with_what_raises_them() {
    assert_closed("open_files", "1024 files", "LimitNOFILE", |_, machine| {
        machine.open_files = Some(1024);
    });
    assert_closed("disk", "Nothing can be written", "--data", |_, machine| {
        machine.disk.unwritable = Some("Read-only file system".into());
    });
    assert_closed("clock", "in the past", "timedatectl", |_, machine| {
        machine.now = SystemTime::UNIX_EPOCH + DAY;
    });
    let buffers = found(|_, machine| {
        machine.udp_buffers = Some(UdpBuffers { wanted: 8 << 20, receive: 212_992, send: 212_992 });
    });
    assert!(buffers.text.en.contains("208 KiB"), "{buffers:#?}");
    assert!(buffers.advice.unwrap().en.contains("net.core.rmem_max=8388608"));
    let slow = found(|_, machine| machine.is_segmenting = Some(false));
    assert_eq!(slow.check, "segmentation");
    let drifting = found(|_, machine| machine.is_clock_kept = Some(false));
    assert_eq!(drifting.check, "clock");
}

#[test]
fn a_provider_with_a_firewall_of_its_own_is_named_with_the_ports() {
    let finding = found(|_, machine| machine.cloud = Some(Cloud::Aliyun));
    assert_eq!(finding.check, "provider");
    let advice = finding.advice.unwrap();
    for port in ["TCP 443", "UDP 443", "TCP 80"] {
        assert!(advice.en.contains(port) && advice.zh.contains(port), "{advice:#?}");
    }
    assert!(advice.zh.contains("安全组"));
}

#[test]
fn closed_doors_come_first() {
    let (mut server, mut machine) = well();
    machine.is_segmenting = Some(false);
    machine.open_files = Some(300);
    server.listen = "127.0.0.1:443".parse().unwrap();
    let levels: Vec<DoctorLevel> = examine(&server, &machine).iter().map(|it| it.level).collect();
    assert!(levels.is_sorted() && levels[0] == DoctorLevel::Closed, "{levels:?}");
    assert_eq!(examine(&server, &machine)[0].check, "listen");
}
