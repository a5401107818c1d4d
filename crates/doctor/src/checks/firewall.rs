//! Firewalls: of the machine, and of its provider.

use protocol::{DoctorFinding, Words};

use crate::machine::{Cloud, Firewall, FirewallKind, Machine, Port, Verdict};
use crate::server::Server;
use crate::words::{advice, closed, fine, list, words};

/// What the machine's own firewall does with the server's ports.
pub(super) fn firewall(machine: &Machine) -> Option<DoctorFinding> {
    let first = machine.firewalls.first()?;
    let ports = |verdict: Verdict| -> Vec<&Firewall> {
        machine.firewalls.iter().filter(|it| it.verdict == verdict).collect()
    };
    let (shut, unclear) = (ports(Verdict::Closed), ports(Verdict::Unknown));
    let name = name(&first.kind);
    if !shut.is_empty() {
        let closed_ports = list(shut.iter().map(|it| it.port));
        return Some(closed(
            "firewall",
            words(
                format!(
                    "The firewall of this machine ({name}) drops what comes to {closed_ports}."
                ),
                format!("本机防火墙（{name}）丢弃发往 {closed_ports} 的数据。"),
            ),
            opening(&shut),
        ));
    }
    if !unclear.is_empty() {
        let open_ports = list(unclear.iter().map(|it| it.port));
        let Words { en, zh } = opening(&unclear);
        return Some(advice(
            "firewall",
            words(
                format!(
                    "This machine has a firewall ({name}); whether it lets in {open_ports} cannot be told."
                ),
                format!("本机有防火墙（{name}）；无法判断它是否放行 {open_ports}。"),
            ),
            words(format!("If not: {en}"), format!("如果没有放行：{zh}")),
        ));
    }
    Some(fine(
        "firewall",
        words(
            format!("The firewall of this machine ({name}) lets the server's ports in."),
            format!("本机防火墙（{name}）放行了服务器的端口。"),
        ),
    ))
}

fn name(kind: &FirewallKind) -> &str {
    match kind {
        FirewallKind::Ufw => "ufw",
        FirewallKind::Firewalld => "firewalld",
        FirewallKind::Nftables(_) => "nftables",
    }
}

/// The commands that let ports in.
fn opening(firewalls: &[&Firewall]) -> Words {
    let command = |it: &&Firewall| {
        let (protocol, port) = (it.port.protocol(), it.port.number());
        match &it.kind {
            FirewallKind::Ufw => format!("sudo ufw allow {port}/{protocol}"),
            FirewallKind::Firewalld => {
                format!("sudo firewall-cmd --permanent --add-port={port}/{protocol}")
            }
            FirewallKind::Nftables(chain) => {
                format!("sudo nft insert rule {chain} {protocol} dport {port} accept")
            }
        }
    };
    let mut commands: Vec<String> = firewalls.iter().map(command).collect();
    let is_firewalld = firewalls.iter().any(|it| it.kind == FirewallKind::Firewalld);
    if is_firewalld {
        commands.push("sudo firewall-cmd --reload".into());
    }
    let commands = format!("`{}`", commands.join(" && "));
    let is_nft = firewalls.iter().any(|it| matches!(it.kind, FirewallKind::Nftables(_)));
    if is_nft {
        return words(
            format!("{commands}, and the same line in /etc/nftables.conf, so that it stays."),
            format!("{commands}，并写进 /etc/nftables.conf，重启后才会保留。"),
        );
    }
    words(format!("{commands}."), format!("{commands}。"))
}

/// The provider's firewall, which nothing inside can look at.
pub(super) fn provider(server: &Server, machine: &Machine) -> Option<DoctorFinding> {
    let (name, place, place_zh) = match machine.cloud? {
        Cloud::Aws => {
            ("AWS", "the security group of the instance, inbound rules", "实例的安全组入站规则")
        }
        Cloud::Google => ("Google Cloud", "VPC network, firewall rules", "VPC 网络的防火墙规则"),
        Cloud::Azure => ("Azure", "the network security group, inbound", "网络安全组的入站规则"),
        Cloud::Aliyun => ("Alibaba Cloud", "the security group, inbound", "安全组的入方向规则"),
        Cloud::Tencent => ("Tencent Cloud", "the security group, inbound", "安全组的入站规则"),
        Cloud::Oracle => {
            ("Oracle Cloud", "the security list of the subnet, ingress", "子网安全列表的入站规则")
        }
        Cloud::Hetzner => ("Hetzner", "Firewalls in the console", "控制台的 Firewalls"),
        Cloud::DigitalOcean => {
            ("DigitalOcean", "Networking, Firewalls", "Networking 里的 Firewalls")
        }
    };
    let mut ports = vec![Port::Tcp(server.listen.port()), Port::Udp(server.udp_port)];
    ports.extend(server.http_port.map(Port::Tcp));
    let ports = list(ports);
    Some(advice(
        "provider",
        words(
            format!(
                "This machine is at {name}, which has a firewall of its own that cannot be seen from inside."
            ),
            format!("这台机器在 {name}，它自己还有一道从里面看不到的防火墙。"),
        ),
        words(
            format!(
                "Let in from anywhere: {ports} ({place}). `kaibo doctor --phone` shows whether it does."
            ),
            format!("对所有来源放行：{ports}（{place_zh}）。用 `kaibo doctor --phone` 可以验证。"),
        ),
    ))
}
