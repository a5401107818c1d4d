//! Assembles ClientHellos from their fragments. There may be several: the peer's, and those of attackers who forge its
//! address.

use super::hello::{self, ClientHello, Gathered};

/// Datagrams of one ClientHello at most: the longest known, with post-quantum key shares, in OpenSSL's small fragments.
/// A longer one is discarded.
const MAX_PARTS: usize = 16;

/// Incomplete ClientHellos kept at once; a further one replaces the oldest.
const MAX_BEGUN: usize = 4;

/// Datagrams received, grouped by the ClientHello that they may belong to.
#[derive(Debug, Default)]
pub(super) struct Assembly(Vec<Vec<Box<[u8]>>>);

impl Assembly {
    /// Adds a datagram that holds only ClientHello fragments. If it completes a ClientHello, returns that and its
    /// datagrams.
    pub(super) fn add(&mut self, datagram: &[u8]) -> Option<(ClientHello, Vec<Box<[u8]>>)> {
        let mut is_placed = false;
        for at in 0..self.0.len() {
            self.0[at].push(datagram.into());
            match gather(&self.0[at]) {
                Gathered::Whole(hello) => return Some((hello, self.0.remove(at))),
                Gathered::Partial => is_placed = true,
                // The fragments are not of the same ClientHello.
                Gathered::Foreign => _ = self.0[at].pop(),
            }
        }
        self.0.retain(|it| it.len() < MAX_PARTS);
        if is_placed {
            return None;
        }
        let alone = vec![Box::from(datagram)];
        match gather(&alone) {
            Gathered::Whole(hello) => return Some((hello, alone)),
            Gathered::Foreign => return None,
            Gathered::Partial => {}
        }
        if self.0.len() == MAX_BEGUN {
            self.0.remove(0);
        }
        self.0.push(alone);
        None
    }

    /// Discards everything.
    pub(super) fn clear(&mut self) {
        self.0 = Vec::new();
    }

    #[cfg(test)]
    pub(super) fn n_datagrams(&self) -> usize {
        self.0.iter().map(Vec::len).sum()
    }
}

fn gather(datagrams: &[Box<[u8]>]) -> Gathered {
    hello::gather(datagrams.iter().map(|it| &**it))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::dtls::hello::recorded;

    #[test]
    fn two_that_are_cut_alike_are_kept_apart() {
        let [first, second] = recorded::chromium().try_into().unwrap();
        // Another random value, in the first fragment.
        let mut other = first.clone();
        other[40] ^= 1;
        let mut assembly = Assembly::default();
        for part in [&other, &first] {
            assert!(assembly.add(part).is_none());
        }
        let (hello, parts) = assembly.add(&second).unwrap();
        assert_eq!((parts.len(), hello.message[15]), (2, other[40]));
        let (hello, _) = assembly.add(&second).unwrap();
        assert_eq!(hello.message[15], first[40]);
        assert_eq!(assembly.n_datagrams(), 0);
    }

    #[test]
    fn parts_without_end_are_not_kept() {
        let mut assembly = Assembly::default();
        let [first, _] = recorded::gstreamer().try_into().unwrap();
        for n in 0..1_000 {
            let mut part = first.clone();
            part[30] = (n / 40) as u8;
            assert!(assembly.add(&part).is_none());
            assert!(assembly.n_datagrams() <= MAX_BEGUN * MAX_PARTS);
        }
    }
}
