//! The addresses of names. The system's resolver may hang, so there is an end of waiting.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::mpsc;
use std::thread;

use super::programs::PATIENCE;

/// The most names that are asked for.
const MAX_NAMES: usize = 16;

/// What a name leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The name.
    pub name: String,
    /// Its addresses, or why there are none.
    pub addresses: Result<Vec<IpAddr>, String>,
}

/// Asks for all names at once.
pub(super) fn resolve(names: &[String]) -> Vec<Resolved> {
    let asked: Vec<_> = names.iter().take(MAX_NAMES).map(|name| (name, ask(name))).collect();
    let answer = |(name, answer): (&String, mpsc::Receiver<_>)| Resolved {
        name: name.clone(),
        addresses: answer.recv_timeout(PATIENCE).unwrap_or_else(|_| Err("no answer".into())),
    };
    asked.into_iter().map(answer).collect()
}

fn ask(name: &str) -> mpsc::Receiver<Result<Vec<IpAddr>, String>> {
    let (tell, answer) = mpsc::channel();
    let name = name.to_owned();
    // The system's resolver has no deadline; a thread of its own ends when it does.
    _ = thread::Builder::new().name("doctor-name".into()).spawn(move || {
        let found = (name.as_str(), 0).to_socket_addrs();
        let found = found.map(|all| {
            let mut ips: Vec<IpAddr> = all.map(|it| it.ip().to_canonical()).collect();
            ips.sort();
            ips.dedup();
            ips
        });
        // Nobody may wait any more.
        _ = tell.send(found.map_err(|error| error.to_string()));
    });
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_this_machine_is_found_and_an_invalid_one_is_not() {
        let found = resolve(&["localhost".into(), "no such name.invalid".into()]);
        assert!(found[0].addresses.as_ref().unwrap().iter().all(IpAddr::is_loopback));
        assert!(found[1].addresses.is_err(), "{found:?}");
    }
}
