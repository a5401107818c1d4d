//! Parts of ClientHellos until all of one are there: of the peer's, and of whoever else says hello from its
//! address.

use super::hello::{self, ClientHello, Gathered};

/// Parts of one: of the longest that is known, with keys for key exchanges that quantum computers do not
/// break, cut as small as OpenSSL does. One that has more is forgotten.
const MAX_PARTS: usize = 16;

/// How many are begun at once; another one takes the place of the oldest.
const MAX_BEGUN: usize = 4;

/// The parts that came, in datagrams, by the ClientHello that they may be of.
#[derive(Debug, Default)]
pub(super) struct Assembly(Vec<Vec<Box<[u8]>>>);

impl Assembly {
    /// Takes a datagram of which all is parts of a ClientHello. Returns one that is whole with it, and its
    /// datagrams.
    pub(super) fn add(&mut self, datagram: &[u8]) -> Option<(ClientHello, Vec<Box<[u8]>>)> {
        let mut is_placed = false;
        for at in 0..self.0.len() {
            self.0[at].push(datagram.into());
            match gather(&self.0[at]) {
                Gathered::Whole(hello) => return Some((hello, self.0.remove(at))),
                Gathered::Partial => is_placed = true,
                // They are not of one.
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

    /// Forgets all.
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
        // Another random, in the first part.
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
