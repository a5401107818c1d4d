//! Whether browsers get HTTPS, now and next month.

use std::time::{Duration, SystemTime};

use httpdate::fmt_http_date;
use protocol::DoctorFinding;

use crate::machine::Machine;
use crate::server::{Certificate, Https, Order, OrderState, Server};
use crate::words::{advice, closed, fine, list, words};

/// A certificate from files that expires sooner should be renewed by now.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

const CHECK: &str = "certificate";

/// All certificates, and those that are not there.
pub(super) fn certificate(server: &Server, machine: &Machine) -> Vec<DoctorFinding> {
    match server.https {
        Https::Off => vec![off(server)],
        Https::Local => vec![local(server)],
        Https::Files => files(server, machine.now),
        Https::Acme => acme(server),
    }
}

fn off(server: &Server) -> DoctorFinding {
    if server.has_proxy {
        return fine(
            CHECK,
            words(
                "There is no HTTPS of the server's own: the proxy in front has to have it.",
                "服务器自己没有 HTTPS：要由前面的代理提供。",
            ),
        );
    }
    advice(
        CHECK,
        words(
            "There is no HTTPS: browsers give camera and microphone only to pages of this computer.",
            "没有 HTTPS：浏览器只允许本机的页面使用摄像头和麦克风。",
        ),
        words(
            "In your own network: `--tls local`. With a public name: `--domain live.example.com`. With a public address \
             and no name: `--tls auto`.",
            "在自己的网络里：`--tls local`。有域名：`--domain live.example.com`。只有公网地址、没有域名：`--tls auto`。",
        ),
    )
}

fn local(server: &Server) -> DoctorFinding {
    let port = server.listen.port();
    fine(
        CHECK,
        words(
            format!(
                "The certificate is from the server's own authority: devices trust it after they opened \
                 http://ADDRESS:{port}/trust."
            ),
            format!("证书由服务器自己的机构签发：设备打开 http://地址:{port}/trust 后才会信任它。"),
        ),
    )
}

fn files(server: &Server, now: SystemTime) -> Vec<DoctorFinding> {
    let mut findings: Vec<DoctorFinding> =
        server.certificates.iter().map(|it| file(it, now)).collect();
    if !server.uncovered.is_empty() {
        let names = list(&server.uncovered);
        let for_names = list(server.certificates.iter().flat_map(|it| &it.names));
        findings.push(closed(
            CHECK,
            words(
                format!("The certificate is not for {names}, but for {for_names}: browsers refuse it."),
                format!("证书不包含 {names}，只包含 {for_names}：浏览器会拒绝。"),
            ),
            words(
                format!("Get one for {names} too, and put it into the files of `--tls-cert` and `--tls-key`."),
                format!("申请一张也包含 {names} 的证书，放进 `--tls-cert` 和 `--tls-key` 指定的文件。"),
            ),
        ));
    }
    findings
}

fn file(certificate: &Certificate, now: SystemTime) -> DoctorFinding {
    let names = list(&certificate.names);
    let expires = fmt_http_date(certificate.not_after);
    let renew = words(
        "Renew it, and put the new one into the files of `--tls-cert` and `--tls-key`: they are loaded when they change. \
         With `--domain` the server renews it by itself.",
        "更新证书，放进 `--tls-cert` 和 `--tls-key` 指定的文件：文件一变就会重新载入。用 `--domain` 则由服务器自动更新。",
    );
    if certificate.not_after <= now {
        let text = words(
            format!("The certificate for {names} expired on {expires}: browsers refuse it."),
            format!("{names} 的证书已于 {expires} 过期：浏览器会拒绝。"),
        );
        return closed(CHECK, text, renew);
    }
    let text = words(
        format!("The certificate for {names} is valid until {expires}."),
        format!("{names} 的证书有效期至 {expires}。"),
    );
    if certificate.not_after <= now + SOON {
        return advice(CHECK, text, renew);
    }
    if !certificate.is_public {
        return advice(
            CHECK,
            words(
                format!("{} Browsers do not trust its issuer.", text.en),
                format!("{}但浏览器不信任它的签发者。", text.zh),
            ),
            words(
                "The file of `--tls-cert` needs the whole chain, intermediate certificates too. With an authority of \
                 your own, devices have to trust that.",
                "`--tls-cert` 的文件要包含完整的证书链，连同中间证书。如果是自建机构，设备要先信任它。",
            ),
        );
    }
    fine(CHECK, text)
}

fn acme(server: &Server) -> Vec<DoctorFinding> {
    if server.orders.is_empty() && server.is_running {
        return vec![closed(
            CHECK,
            words(
                "No certificate is ordered: this machine has no public address, and no name is given.",
                "没有申请证书：这台机器没有公网地址，也没有给出域名。",
            ),
            words(
                "Name the address with `--public-ip`, or a name with `--domain`.",
                "用 `--public-ip` 写明地址，或用 `--domain` 写明域名。",
            ),
        )];
    }
    server.orders.iter().map(order).collect()
}

fn order(order: &Order) -> DoctorFinding {
    let names = &order.names;
    match &order.state {
        OrderState::Ordering => advice(
            CHECK,
            words(
                format!("The certificate for {names} is being ordered; until then browsers warn."),
                format!("正在申请 {names} 的证书；在此之前浏览器会警告。"),
            ),
            words("Look again in a minute.", "过一分钟再看。"),
        ),
        OrderState::Issued { renew_at } => {
            let at = fmt_http_date(*renew_at);
            fine(
                CHECK,
                words(
                    format!("The certificate for {names} is there, and is renewed on {at}."),
                    format!("{names} 的证书已就绪，将于 {at} 自动更新。"),
                ),
            )
        }
        OrderState::Failed { why, next_try } => {
            let at = fmt_http_date(*next_try);
            closed(
                CHECK,
                words(
                    format!("There is no certificate for {names}. The authority says: {why}"),
                    format!("{names} 没有证书。签发机构说：{why}"),
                ),
                words(
                    format!(
                        "Mend what it names; the server asks again on {at}, or when it is started again."
                    ),
                    format!("按它说的改好；服务器会在 {at} 再次申请，重启也会。"),
                ),
            )
        }
    }
}

/// Whether the ACME server can come: to port 443, or to port 80.
pub(super) fn challenge_port(server: &Server) -> Option<DoctorFinding> {
    if server.https != Https::Acme || server.listen.port() == 443 {
        return None;
    }
    let is_open = server.http_port == Some(80) && (server.has_http || !server.is_running);
    if is_open {
        return None;
    }
    let port = server.listen.port();
    Some(closed(
        "challenge_port",
        words(
            format!(
                "The authority comes to port 443 or 80 for its proof; this server has port {port}, and no port 80."
            ),
            format!(
                "签发机构只会来 443 或 80 端口验证；本服务器在 {port} 端口，也没有打开 80 端口。"
            ),
        ),
        words(
            "Listen on 443: `--listen '[::]:443'`. Or free port 80 for `--http-port 80`, or lead it here in the router.",
            "监听 443：`--listen '[::]:443'`。或者空出 80 端口给 `--http-port 80`，或在路由器上把 80 转发过来。",
        ),
    ))
}
