//! Limits of the machine.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use httpdate::fmt_http_date;
use protocol::DoctorFinding;

use crate::machine::{Machine, UdpBuffers};
use crate::server::{Https, Server};
use crate::words::{advice, closed, fine, words};

/// Files that a server has open beside its connections: sockets of media, the log, certificates.
const OTHER_FILES: u64 = 256;

/// With fewer bytes, certificates and the log may not be kept.
const LEAST_FREE: u64 = 64 * 1024 * 1024;

/// Of a UDP socket, in bytes: a keyframe to some hundred fans at once.
const ENOUGH_BUFFER: usize = 2 * 1024 * 1024;

/// This program was made after 1 November 2026: a clock before that is wrong.
const MADE: Duration = Duration::from_secs(1_793_491_200);

/// Whether the data folder takes what has to be kept.
pub(super) fn disk(server: &Server, machine: &Machine) -> Option<DoctorFinding> {
    let disk = &machine.disk;
    let folder = disk.folder.display();
    if let Some(why) = &disk.unwritable {
        let text = words(
            format!("Nothing can be written to the data folder {folder} ({why})."),
            format!("数据目录 {folder} 无法写入（{why}）。"),
        );
        let what = words(
            "Give it to the user that runs the server (`sudo chown -R USER FOLDER`), free space on its disk, or name \
             another one: `--data DIR`.",
            "把它交给运行服务器的用户（`sudo chown -R 用户 目录`），清理磁盘空间，或换一个目录：`--data 目录`。",
        );
        // Only certificates are kept there.
        let is_needed = matches!(server.https, Https::Acme | Https::Local);
        return Some(if is_needed {
            closed("disk", text, what)
        } else {
            advice("disk", text, what)
        });
    }
    let free = disk.free?;
    let megabytes = free / (1024 * 1024);
    let text = words(
        format!("The disk of the data folder {folder} has {megabytes} MiB free."),
        format!("数据目录 {folder} 所在磁盘还剩 {megabytes} MiB。"),
    );
    if free >= LEAST_FREE {
        return Some(fine("disk", text));
    }
    Some(advice("disk", text, words("Free some space.", "清理一些空间。")))
}

/// Whether certificates and credentials are judged by the right time.
pub(super) fn clock(machine: &Machine) -> Option<DoctorFinding> {
    let now = fmt_http_date(machine.now.max(UNIX_EPOCH));
    let what = words(
        "Let the system keep it: `sudo timedatectl set-ntp true`, or install chrony.",
        "让系统自动校时：`sudo timedatectl set-ntp true`，或安装 chrony。",
    );
    if machine.now < SystemTime::UNIX_EPOCH + MADE {
        return Some(closed(
            "clock",
            words(
                format!("The clock says {now}, which is in the past: certificates seem invalid."),
                format!("时钟显示 {now}，比实际早：证书会被当成无效。"),
            ),
            what,
        ));
    }
    match machine.is_clock_kept {
        Some(true) => Some(fine(
            "clock",
            words(format!("The clock is kept right: {now}."), format!("时钟自动校准：{now}。")),
        )),
        Some(false) => Some(advice(
            "clock",
            words(
                format!("The clock says {now}, and nothing keeps it right."),
                format!("时钟显示 {now}，但没有自动校准。"),
            ),
            what,
        )),
        None => None,
    }
}

/// Whether there may be as many connections as are allowed.
pub(super) fn open_files(server: &Server, machine: &Machine) -> Option<DoctorFinding> {
    let limit = machine.open_files?;
    let wanted = server.max_connections as u64;
    if limit >= wanted + OTHER_FILES {
        return Some(fine(
            "open_files",
            words(
                format!("{limit} files may be open: enough for {wanted} connections."),
                format!("最多可打开 {limit} 个文件：足够 {wanted} 个连接。"),
            ),
        ));
    }
    let room = limit.saturating_sub(OTHER_FILES).max(limit / 4);
    let text = words(
        format!("Only {limit} files may be open: about {room} connections instead of {wanted}."),
        format!("最多只能打开 {limit} 个文件：大约 {room} 个连接，而不是 {wanted} 个。"),
    );
    let what = words(
        "Raise it: `ulimit -n 65536` before the start, LimitNOFILE=65536 in a systemd unit, `--ulimit nofile=65536` of \
         Docker.",
        "调高它：启动前 `ulimit -n 65536`，systemd 单元里 LimitNOFILE=65536，Docker 用 `--ulimit nofile=65536`。",
    );
    // With a tenth of what is meant the server is full before it is busy.
    let is_closed = room < wanted / 10;
    Some(if is_closed {
        closed("open_files", text, what)
    } else {
        advice("open_files", text, what)
    })
}

/// Whether bursts of packets find room.
pub(super) fn udp_buffers(machine: &Machine) -> Option<DoctorFinding> {
    let UdpBuffers { wanted, receive, send } = machine.udp_buffers?;
    let kib = |bytes: usize| bytes / 1024;
    let least = receive.min(send);
    if least >= ENOUGH_BUFFER {
        return Some(fine(
            "udp_buffers",
            words(
                format!("UDP sockets have buffers of {} KiB.", kib(least)),
                format!("UDP 套接字的缓冲区有 {} KiB。", kib(least)),
            ),
        ));
    }
    Some(advice(
        "udp_buffers",
        words(
            format!(
                "UDP sockets get buffers of {} KiB to receive and {} KiB to send, where {} KiB are asked for: with \
                 hundreds of fans, packets of keyframes are lost.",
                kib(receive),
                kib(send),
                kib(wanted)
            ),
            format!(
                "UDP 套接字的接收缓冲区为 {} KiB、发送缓冲区为 {} KiB，而需要 {} KiB：观众上百时，关键帧的数据包会丢失。",
                kib(receive),
                kib(send),
                kib(wanted)
            ),
        ),
        words(
            format!(
                "`sudo sysctl -w net.core.rmem_max={wanted} net.core.wmem_max={wanted}`, and the same in \
                 /etc/sysctl.d/kaibo.conf; then start the server again."
            ),
            format!(
                "`sudo sysctl -w net.core.rmem_max={wanted} net.core.wmem_max={wanted}`，并写进 \
                 /etc/sysctl.d/kaibo.conf；然后重启服务器。"
            ),
        ),
    ))
}

/// Whether the kernel takes many datagrams at once.
pub(super) fn segmentation(machine: &Machine) -> Option<DoctorFinding> {
    if machine.is_segmenting? {
        return Some(fine(
            "segmentation",
            words(
                "The kernel takes several datagrams at once (UDP GSO).",
                "内核支持一次发送多个数据报（UDP GSO）。",
            ),
        ));
    }
    Some(advice(
        "segmentation",
        words(
            "The kernel takes datagrams one by one (no UDP GSO): sending costs more CPU.",
            "内核只能逐个发送数据报（没有 UDP GSO）：发送要多耗 CPU。",
        ),
        words(
            "Use Linux 4.18 or later, without a sandbox such as gVisor.",
            "使用 Linux 4.18 以上，并且不要用 gVisor 一类的沙箱。",
        ),
    ))
}

/// Memory of thousands of viewers is faster in huge pages.
pub(super) fn huge_pages(machine: &Machine) -> Option<DoctorFinding> {
    let text = match machine.huge_pages.as_deref()? {
        "never" => words(
            "Huge pages are off. With thousands of fans they save some 3 % of CPU: \
             `echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled`, and \
             GLIBC_TUNABLES=glibc.malloc.hugetlb=1 in the server's environment.",
            "大页已关闭。观众上千时，大页能省约 3 % 的 CPU：\
             `echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled`，并在服务器的环境里设 \
             GLIBC_TUNABLES=glibc.malloc.hugetlb=1。",
        ),
        _ => words(
            "Huge pages can be had. With thousands of fans they save some 3 % of CPU: \
             GLIBC_TUNABLES=glibc.malloc.hugetlb=1 in the server's environment.",
            "可以使用大页。观众上千时，大页能省约 3 % 的 CPU：在服务器的环境里设 GLIBC_TUNABLES=glibc.malloc.hugetlb=1。",
        ),
    };
    Some(fine("huge_pages", text))
}
