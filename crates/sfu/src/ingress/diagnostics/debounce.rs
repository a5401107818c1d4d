//! Keeps a finding from flickering. Pure.

/// A condition that changes only after several observations in a row.
#[derive(Debug)]
pub(super) struct Debounce {
    holds: bool,
    /// Observations in a row that contradict `holds`.
    against: u8,
    rise: u8,
    fall: u8,
}

impl Debounce {
    /// Creates a condition that begins after `rise` observations in a row, and ends after `fall`.
    pub(super) fn new(rise: u8, fall: u8) -> Self {
        Self { holds: false, against: 0, rise, fall }
    }

    /// Takes an observation; returns whether the condition holds.
    pub(super) fn look(&mut self, is_so: bool) -> bool {
        if is_so == self.holds {
            self.against = 0;
        } else {
            self.against += 1;
            if self.against >= if is_so { self.rise } else { self.fall } {
                self.holds = is_so;
                self.against = 0;
            }
        }
        self.holds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_changes_only_after_several_observations_in_a_row() {
        let mut hold = Debounce::new(2, 3);
        let looks = [true, false, true, true, false, false, true, false, false, false, false];
        let holds: Vec<bool> = looks.into_iter().map(|it| hold.look(it)).collect();
        let expected = [false, false, false, true, true, true, true, true, true, false, false];
        assert_eq!(holds, expected);
    }
}
