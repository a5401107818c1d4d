//! Passes: a room tells its members one, with which a page asks for what is kept of the room: recordings, clips, HLS. A
//! player cannot send a header, so it stands in the address; it is good for this room, for hours, and while the rules of the
//! room stay what they are.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use protocol::RoomName;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::rooms::{RoomRules, WatchPolicy};

/// How long a pass is good at least; twice as long at most, so that one that is asked for again is often the same.
const GOOD_FOR: Duration = Duration::from_secs(12 * 3_600);

/// The key of all passes.
pub(crate) type PassKey = [u8; 32];

/// A pass that is issued at a time, in seconds since the Unix epoch.
pub(crate) fn issue(key: &PassKey, room: &RoomName, rules: &RoomRules, unix_s: u64) -> String {
    let until = (unix_s / GOOD_FOR.as_secs() + 2) * GOOD_FOR.as_secs();
    format!("{until:x}-{}", sign(key, room, rules, until))
}

/// Whether a pass is good now.
pub(crate) fn is_good(
    key: &PassKey,
    room: &RoomName,
    rules: &RoomRules,
    pass: &str,
    unix_s: u64,
) -> bool {
    let Some((until, signature)) = pass.split_once('-') else { return false };
    let Ok(until) = u64::from_str_radix(until, 16) else { return false };
    let ours = sign(key, room, rules, until);
    unix_s < until && bool::from(ours.as_bytes().ct_eq(signature.as_bytes()))
}

/// Of who may watch, too: who lost the right with another password or without its invitation, lost its pass.
fn sign(key: &PassKey, room: &RoomName, rules: &RoomRules, until: u64) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(&until.to_be_bytes());
    let (policy, password) = match &rules.watch {
        WatchPolicy::Everybody => (0_u8, Vec::new()),
        WatchPolicy::Unlisted => (1, Vec::new()),
        WatchPolicy::Password(hash) => (2, hash.to_bytes()),
        WatchPolicy::Invited => (3, Vec::new()),
        WatchPolicy::Token => (4, Vec::new()),
    };
    mac.update(&[policy]);
    mac.update(&(password.len() as u64).to_be_bytes());
    mac.update(&password);
    for invite in &rules.invites {
        mac.update(&invite.id.to_be_bytes());
    }
    mac.update(room.as_str().as_bytes());
    let signature = mac.finalize().into_bytes();
    signature.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Secret, SecretHash};

    const KEY: PassKey = [7; 32];
    const NOW: u64 = 1_800_000_000;

    fn room(name: &str) -> RoomName {
        RoomName::parse(name).unwrap()
    }

    fn rules(password: &str) -> RoomRules {
        let hash = SecretHash::of_password(&Secret::new(password), 1);
        RoomRules { watch: WatchPolicy::Password(hash), ..RoomRules::default() }
    }

    #[test]
    fn a_pass_is_good_for_its_room_for_half_a_day() {
        let (room_a, rules) = (room("a"), rules("secret"));
        let pass = issue(&KEY, &room_a, &rules, NOW);
        let is_good = |room: &RoomName, at| is_good(&KEY, room, &rules, &pass, at);
        assert!(is_good(&room_a, NOW) && is_good(&room_a, NOW + 12 * 3_600 - 1));
        assert!(!is_good(&room_a, NOW + 24 * 3_600 + 1));
        assert!(!is_good(&room("b"), NOW));
    }

    #[test]
    fn another_password_takes_the_pass_away() {
        let pass = issue(&KEY, &room("a"), &rules("secret"), NOW);
        assert!(!is_good(&KEY, &room("a"), &rules("another"), &pass, NOW));
    }

    #[test]
    fn nobody_makes_one_without_the_key() {
        let rules = rules("secret");
        let pass = issue(&[8; 32], &room("a"), &rules, NOW);
        for other in [pass.as_str(), "", "-", "ffffffffff-", "ffffffffff-0000", "x"] {
            assert!(!is_good(&KEY, &room("a"), &rules, other, NOW), "{other}");
        }
    }
}
