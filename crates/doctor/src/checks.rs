//! From what is known to findings. Each function is one check, and reads nothing itself.
//!
//! | file | checks |
//! | --- | --- |
//! | `reach.rs` | `ports`, `listen`, `media_address`, `names` |
//! | `https.rs` | `certificate`, `challenge_port` |
//! | `firewall.rs` | `firewall`, `provider` |
//! | `machine.rs` | `open_files`, `udp_buffers`, `segmentation`, `clock`, `disk`, `huge_pages` |

mod firewall;
mod https;
mod machine;
mod reach;

use protocol::DoctorFinding;

use crate::machine::Machine;
use crate::server::Server;

/// Everything that can be found from inside: closed doors first, in the order in which a client meets them.
pub fn examine(server: &Server, machine: &Machine) -> Vec<DoctorFinding> {
    let mut findings = Vec::new();
    findings.extend(reach::ports(machine));
    findings.push(reach::listen(server));
    findings.extend(reach::names(server, machine));
    findings.extend(firewall::firewall(machine));
    findings.extend(firewall::provider(server, machine));
    findings.push(reach::media_address(server, machine));
    findings.extend(https::challenge_port(server));
    findings.extend(https::certificate(server, machine));
    findings.extend(machine::disk(server, machine));
    findings.extend(machine::clock(machine));
    findings.extend(machine::open_files(server, machine));
    findings.extend(machine::udp_buffers(machine));
    findings.extend(machine::segmentation(machine));
    findings.extend(machine::huge_pages(machine));
    findings.sort_by_key(|it| it.level);
    findings
}

#[cfg(test)]
mod tests;
