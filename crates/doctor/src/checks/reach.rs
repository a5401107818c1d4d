//! Whether clients find the server: ports, addresses, names.

use std::net::IpAddr;

use protocol::DoctorFinding;

use crate::address::is_public;
use crate::machine::{Machine, Port, PortTaken};
use crate::server::{Https, Server};
use crate::words::{advice, closed, fine, list, words};

/// Ports of a server that does not run.
pub(super) fn ports(machine: &Machine) -> Vec<DoctorFinding> {
    machine.taken.iter().map(port).collect()
}

fn port(taken: &PortTaken) -> DoctorFinding {
    let PortTaken { port, is_denied, why } = taken;
    let number = port.number();
    if *is_denied {
        return closed(
            "ports",
            words(
                format!("{port} may only be opened by an administrator ({why})."),
                format!("{port} 端口只有管理员能打开（{why}）。"),
            ),
            words(
                format!(
                    "Let the program open it: `sudo setcap cap_net_bind_service=+ep $(which kaibo)`; in a systemd unit \
                     AmbientCapabilities=CAP_NET_BIND_SERVICE. Or choose a port of 1024 or more, instead of {number}."
                ),
                format!(
                    "允许程序打开它：`sudo setcap cap_net_bind_service=+ep $(which kaibo)`；在 systemd 单元里用 \
                     AmbientCapabilities=CAP_NET_BIND_SERVICE。或者不用 {number}，改用 1024 以上的端口。"
                ),
            ),
        );
    }
    let (flag, listing) = match port {
        Port::Tcp(_) => ("`--listen '[::]:PORT'`", "ss -ltnp"),
        Port::Udp(_) => ("`--udp-port PORT`", "ss -lunp"),
    };
    closed(
        "ports",
        words(
            format!("Another program has {port} ({why})."),
            format!("{port} 端口被别的程序占用（{why}）。"),
        ),
        words(
            format!(
                "`sudo {listing} 'sport = :{number}'` names it. Stop it, or choose another port: {flag}."
            ),
            format!(
                "`sudo {listing} 'sport = :{number}'` 会告诉你是哪个程序。停掉它，或换一个端口：{flag}。"
            ),
        ),
    )
}

/// Whether others can open the pages at all.
pub(super) fn listen(server: &Server) -> DoctorFinding {
    let at = server.listen;
    if !at.ip().is_loopback() {
        return fine(
            "listen",
            words(format!("The pages listen on {at}."), format!("页面监听在 {at}。")),
        );
    }
    if server.has_proxy {
        return fine(
            "listen",
            words(
                format!("The pages listen on {at}, for the proxy in front."),
                format!("页面监听在 {at}，由前面的代理转发。"),
            ),
        );
    }
    let port = at.port();
    closed(
        "listen",
        words(
            format!("The pages listen on {at}: only this computer can open them."),
            format!("页面监听在 {at}：只有这台电脑能打开。"),
        ),
        words(
            format!(
                "Listen everywhere: `--listen '[::]:{port}'`. Or put a proxy in front, and name its host: `--allow-host`."
            ),
            format!(
                "监听所有地址：`--listen '[::]:{port}'`。或者在前面放一个代理，并用 `--allow-host` 写明它的域名。"
            ),
        ),
    )
}

/// The addresses that the internet has for this server, as far as they are known.
fn public_ips(server: &Server, machine: &Machine) -> Vec<IpAddr> {
    let own = machine.addresses.iter().copied().filter(|ip| is_public(*ip));
    let mut ips: Vec<IpAddr> = server.public_ips.iter().copied().chain(own).collect();
    ips.sort();
    ips.dedup();
    ips
}

/// Whether an address of the internet, or of the own network, is announced for media.
pub(super) fn media_address(server: &Server, machine: &Machine) -> DoctorFinding {
    let announced: Vec<IpAddr> =
        server.announced.iter().copied().filter(|ip| !ip.is_loopback()).collect();
    let ips = list(&announced);
    let port = server.udp_port;
    if announced.iter().any(|ip| is_public(*ip)) {
        return fine(
            "media_address",
            words(
                format!("Media is announced at {ips}, UDP port {port}."),
                format!("媒体公布的地址是 {ips}，UDP 端口 {port}。"),
            ),
        );
    }
    let set = words(
        "Name the public address: `--public-ip 203.0.113.7`; or let a STUN server tell it: `--public-ip auto` with \
         `--ice-server stun:HOST:PORT`. In a router in front, forward the port to this machine.",
        "写明公网地址：`--public-ip 203.0.113.7`；或让 STUN 服务器告知：`--public-ip auto` 加上 `--ice-server stun:主机:端口`。\
         前面若有路由器，把端口转发到这台机器。",
    );
    if announced.is_empty() {
        return closed(
            "media_address",
            words(
                "This machine has no network: media is announced for this computer only.",
                "这台机器没有网络：媒体只对这台电脑公布。",
            ),
            set,
        );
    }
    if machine.is_container && announced.iter().all(is_of_bridge) {
        return closed(
            "media_address",
            words(
                format!(
                    "In a container, media is announced at {ips}: nobody outside reaches that."
                ),
                format!("在容器里，媒体公布的地址是 {ips}：外面谁也到不了。"),
            ),
            words(
                format!(
                    "Start the container with `--network host`; or with -p {port}:{port}/udp and `--public-ip` of the \
                     host's address."
                ),
                format!(
                    "用 `--network host` 启动容器；或加 -p {port}:{port}/udp，并用 `--public-ip` 写明宿主机的地址。"
                ),
            ),
        );
    }
    let is_meant_for_all =
        !server.domains.is_empty() || server.https == Https::Acme || machine.cloud.is_some();
    let text = words(
        format!("Media is announced at {ips} only, addresses of the own network."),
        format!("媒体只公布了本地网络的地址 {ips}。"),
    );
    if is_meant_for_all {
        return closed("media_address", text, set);
    }
    let more = words(
        format!("{} Devices of that network reach it; for others: {}", text.en, set.en),
        format!("{}同一网络的设备能连上；其他人不行：{}", text.zh, set.zh),
    );
    fine("media_address", more)
}

/// Whether an address is of the networks that Docker and Podman make: with the host's network a container has the
/// host's addresses.
fn is_of_bridge(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            a == 172 && (16..32).contains(&b) || a == 10 && b == 88
        }
        IpAddr::V6(_) => false,
    }
}

/// Whether the public names lead here.
pub(super) fn names(server: &Server, machine: &Machine) -> Vec<DoctorFinding> {
    let own = public_ips(server, machine);
    machine
        .names
        .iter()
        .map(|resolved| match &resolved.addresses {
            Err(why) => unresolved(&resolved.name, why, &own),
            Ok(ips) => leads(&resolved.name, ips, &own, machine),
        })
        .collect()
}

fn unresolved(name: &str, why: &str, own: &[IpAddr]) -> DoctorFinding {
    let (here, here_zh) = records(own);
    closed(
        "names",
        words(format!("{name} leads nowhere ({why})."), format!("{name} 解析不到地址（{why}）。")),
        words(
            format!("At the provider of the name, make {here} for it."),
            format!("在域名服务商那里为它添加{here_zh}。"),
        ),
    )
}

/// The records that a name should have.
fn records(own: &[IpAddr]) -> (String, String) {
    if own.is_empty() {
        return (
            "an A record with this server's public address".into(),
            "指向本服务器公网地址的 A 记录".into(),
        );
    }
    let record = |ip: &IpAddr| match ip {
        IpAddr::V4(_) => format!("A {ip}"),
        IpAddr::V6(_) => format!("AAAA {ip}"),
    };
    let records = list(own.iter().map(record));
    (format!("the record {records}"), format!("记录 {records}"))
}

fn leads(name: &str, ips: &[IpAddr], own: &[IpAddr], machine: &Machine) -> DoctorFinding {
    let to = list(ips);
    let text = words(format!("{name} leads to {to}."), format!("{name} 指向 {to}。"));
    let is_own = |ip: &IpAddr| own.contains(ip) || machine.addresses.contains(ip);
    let wrong: Vec<&IpAddr> = ips.iter().filter(|ip| !is_own(ip)).collect();
    if wrong.is_empty() && !ips.is_empty() {
        return fine("names", text);
    }
    let (here, here_zh) = records(own);
    if own.is_empty() {
        return advice(
            "names",
            words(
                format!("{} Whether that is this server is not known.", text.en),
                format!("{}但不知道那是不是本服务器。", text.zh),
            ),
            words(
                format!("If it is, say so: `--public-ip {to}`. If not, give the name {here}."),
                format!("如果是，请写明：`--public-ip {to}`。如果不是，给域名添加{here_zh}。"),
            ),
        );
    }
    let (wrong, own) = (list(wrong), list(own));
    closed(
        "names",
        words(
            format!("{name} leads to {wrong}; this server has {own}."),
            format!("{name} 指向 {wrong}；而本服务器的地址是 {own}。"),
        ),
        words(
            format!(
                "At the provider of the name, make {here} for it, and remove {wrong}. If {wrong} is a router or a \
                 load balancer in front of this server, say so: `--public-ip {wrong}`."
            ),
            format!(
                "在域名服务商那里为它添加{here_zh}，并删掉 {wrong}。如果 {wrong} 是本服务器前面的路由器或负载均衡，\
                 请写明：`--public-ip {wrong}`。"
            ),
        ),
    )
}
