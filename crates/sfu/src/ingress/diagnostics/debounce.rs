//! Keeps a finding from coming and going with each look. Pure.

/// Whether something holds, by looks of which several in a row must agree to change it.
#[derive(Debug)]
pub(super) struct Debounce {
    holds: bool,
    /// Looks in a row that said otherwise.
    against: u8,
    rise: u8,
    fall: u8,
}

impl Debounce {
    /// Holds after `rise` looks in a row, and no longer after `fall`.
    pub(super) fn new(rise: u8, fall: u8) -> Self {
        Self { holds: false, against: 0, rise, fall }
    }

    /// Takes a look; returns whether it holds.
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
    fn it_takes_several_looks_in_a_row_to_change() {
        let mut hold = Debounce::new(2, 3);
        let looks = [true, false, true, true, false, false, true, false, false, false, false];
        let holds: Vec<bool> = looks.into_iter().map(|it| hold.look(it)).collect();
        let expected = [false, false, false, true, true, true, true, true, true, false, false];
        assert_eq!(holds, expected);
    }
}
