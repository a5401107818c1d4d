//! `profile-level-id` of publishers (RFC 6184, section 8.1). We decode nothing, so whatever profile and level
//! is offered can be sent to us, and is answered as it was offered: a browser takes an answer of another
//! profile for none, and may take one of a lower level for a limit (level 3.1 is 13 frames of 1080p a second).
//! str0m compares more strictly and answers with its own level, so what it does not know has a stand-in, and
//! its answer is put right.

/// The levels that str0m knows (ITU-T H.264, table A-1).
const LEVELS: [u8; 16] = [10, 11, 12, 13, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52];

/// What is shown in the place of an unknown one: High and Constrained Baseline. The one has to be in
/// packetization mode 1.
const STAND_INS: [&str; 2] = ["64001f", "42e01f"];

/// The offer as str0m can read it: the same, unless all that it has of H264 is unknown to str0m.
pub(super) fn with_stand_ins(offer: &str) -> String {
    let mut ids = offer.lines().filter_map(profile_level_id);
    if ids.any(|(_, id)| is_known(id)) {
        return offer.to_owned();
    }
    rewritten(offer, |line, _| {
        let is_mode_1 = line.contains("packetization-mode=1");
        Some(STAND_INS[usize::from(!is_mode_1)])
    })
}

/// The answer with each `profile-level-id` as the offer has it.
pub(crate) fn answered_as_offered(answer: &str, offer: &str) -> String {
    rewritten(answer, |_, pt| {
        offer.lines().filter_map(profile_level_id).find(|it| it.0 == pt).map(|it| it.1)
    })
}

/// A description with other `profile-level-id`s.
fn rewritten<'a>(text: &str, other: impl Fn(&str, &str) -> Option<&'a str>) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        match profile_level_id(line).and_then(|(pt, id)| Some((id, other(line, pt)?))) {
            Some((id, other)) => {
                let name = "profile-level-id=";
                out.push_str(&line.replace(&format!("{name}{id}"), &format!("{name}{other}")));
            }
            None => out.push_str(line),
        }
    }
    out
}

/// Payload type and value, of an `a=fmtp` line that has one of six digits.
fn profile_level_id(line: &str) -> Option<(&str, &str)> {
    let (pt, parameters) = line.strip_prefix("a=fmtp:")?.split_once(' ')?;
    let mut parameters = parameters.split(';').map(str::trim);
    let id = parameters.find_map(|it| it.strip_prefix("profile-level-id="))?;
    let is_hex = id.len() == 6 && id.bytes().all(|it| it.is_ascii_hexdigit());
    is_hex.then_some((pt, id))
}

/// Whether str0m finds one of its own for it: the same profile, by RFC 6184, table 5.
fn is_known(id: &str) -> bool {
    let Ok(value) = u32::from_str_radix(id, 16) else { return false };
    let [_, profile, constraints, level] = value.to_be_bytes();
    let is_plain = constraints & 0x0F == 0;
    let has_profile = match profile {
        0x42 => is_plain,
        0x4D => is_plain && constraints & 0xA0 != 0x20,
        0x64 => constraints == 0,
        _ => false,
    };
    has_profile && LEVELS.contains(&level)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_not_touched_and_what_is_not_has_a_stand_in() {
        let offer = |ids: [&str; 2]| {
            format!(
                "v=0\r\na=fmtp:96 packetization-mode=1;profile-level-id={}\r\n\
                 a=fmtp:98 x=1; profile-level-id={};y=2\r\na=fmtp:97 apt=96\r\n",
                ids[0], ids[1]
            )
        };
        let known = offer(["640c34", "42e034"]);
        assert_eq!(with_stand_ins(&known), known, "it has one that is known");
        assert_eq!(with_stand_ins(&offer(["F4001f", "640c34"])), offer(STAND_INS));
        let nonsense = offer(["hello!", "42e0"]);
        assert_eq!(with_stand_ins(&nonsense), nonsense);
        assert_eq!(answered_as_offered(&offer(STAND_INS), &known), known);
    }
}
