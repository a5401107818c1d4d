//! Whether a publisher's path loses packets that are not retransmitted. Pure.

use super::debounce::Debounce;
use crate::ingress::received::Tally;

/// Reviews over which the loss is measured.
const OVER: usize = 5;

/// Loss above this is a finding, in percent. At 2% a decoder shows an error every second or two.
const BEGINS_PERCENT: u64 = 2;
/// Loss below this ends the finding, in percent.
const ENDS_PERCENT: u64 = 1;

/// With fewer packets in that time, one or two lost ones mean nothing.
const MIN_PACKETS: u64 = 100;

/// The loss of a publisher's packets, audio and video together.
#[derive(Debug)]
pub(super) struct Uplink {
    /// Packets between two reviews, the newest first.
    tallies: [Tally; OVER],
    is_lossy: Debounce,
    /// Lost packets in percent, while the finding holds.
    percent: Option<u32>,
}

impl Default for Uplink {
    fn default() -> Self {
        Self { tallies: [Tally::default(); OVER], is_lossy: Debounce::new(3, 5), percent: None }
    }
}

impl Uplink {
    /// Takes the packets since the last review. Returns the loss in percent while the finding holds.
    pub(super) fn review(&mut self, new: Tally) -> Option<u32> {
        self.tallies.rotate_right(1);
        self.tallies[0] = new;
        let mut sum = Tally::default();
        self.tallies.iter().for_each(|it| sum += *it);
        if sum.sent < MIN_PACKETS {
            return self.percent;
        }
        let lost = sum.sent.saturating_sub(sum.came);
        let is_so = if self.percent.is_some() {
            lost * 100 >= sum.sent * ENDS_PERCENT
        } else {
            // A single interruption is no lasting loss, though it stays in the sum for seconds: count only reviews with
            // new loss.
            lost * 100 > sum.sent * BEGINS_PERCENT && new.came < new.sent
        };
        let percent = ((lost * 100 + sum.sent / 2) / sum.sent).max(1);
        let is_lossy = self.is_lossy.look(is_so);
        self.percent = is_lossy.then(|| u32::try_from(percent).unwrap_or(100));
        self.percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The finding in each second in which `lost` of 200 packets are lost.
    fn said(lost: impl IntoIterator<Item = u64>) -> Vec<Option<u32>> {
        let mut uplink = Uplink::default();
        let review = |lost| uplink.review(Tally { sent: 200, came: 200 - lost });
        lost.into_iter().map(review).collect()
    }

    fn is_silent(said: &[Option<u32>]) -> bool {
        said.iter().all(Option::is_none)
    }

    #[test]
    fn the_finding_begins_after_three_seconds_of_loss_and_ends_after_five_without() {
        let said = said([[20; 10], [0; 10]].concat());
        assert!(is_silent(&said[..2]), "{said:?}");
        assert_eq!(said[2..10], [Some(10); 8]);
        // The last lost packets leave the sum four seconds later.
        assert!(said[10..18].iter().all(Option::is_some), "{said:?}");
        assert!(is_silent(&said[18..]), "{said:?}");
    }

    #[test]
    fn loss_up_to_two_percent_is_no_finding() {
        assert!(is_silent(&said([2; 60])));
        assert!(is_silent(&said([4; 60])), "2% is the limit");
        assert_eq!(said([5; 60]).last(), Some(&Some(3)));
    }

    #[test]
    fn a_single_interruption_is_no_finding() {
        assert!(is_silent(&said([0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0, 60, 0, 0, 0, 0, 0])));
    }

    #[test]
    fn packets_retransmitted_in_the_next_second_are_not_lost() {
        let mut uplink = Uplink::default();
        for second in 0..30_u64 {
            let waiting = 20;
            let came = if second == 0 { 200 - waiting } else { 200 };
            assert_eq!(uplink.review(Tally { sent: 200, came }), None);
        }
    }

    #[test]
    fn a_few_packets_are_no_finding() {
        let mut uplink = Uplink::default();
        for _ in 0..30 {
            assert_eq!(uplink.review(Tally { sent: 15, came: 13 }), None);
        }
    }
}
