//! Descriptions with guests.

use super::*;
use media_api::{Cast, Seat, Shown};

fn cast(guests: &[(u8, &str)]) -> Cast {
    let shown = |&(n, stream): &(u8, &str)| Shown {
        seat: Seat::from_number(n).unwrap(),
        stream: stream.to_owned(),
    };
    Cast { has_host: true, guests: guests.iter().map(shown).collect(), may_change: true }
}

fn offered(layout: &Layout, cast: &Cast) -> (Layout, String) {
    let layout = layout.with_cast(cast);
    let text = offer(&Local { guests: &cast.guests, ..local(&[]) }, &layout);
    (layout, text)
}

/// What a browser answers that receives all that it is sent.
fn answer_to(offer: &str) -> String {
    let kept = offer.lines().filter(|it| !it.starts_with("a=ssrc") && *it != "a=ice-lite");
    let lines: Vec<&str> = kept.filter(|it| !it.starts_with("a=msid")).collect();
    lines
        .join("\r\n")
        .replace("a=sendonly", "a=recvonly")
        .replace("a=setup:actpass", "a=setup:active")
        + "\r\n"
}

/// Of each media description its kind, `mid`, direction and stream.
fn outline(text: &str) -> Vec<String> {
    let sections = sections(text);
    let of = |lines: &Vec<&str>| {
        let value = |name: &str| {
            lines.iter().find_map(|it| it.strip_prefix(name)).unwrap_or_default().to_owned()
        };
        let way = ["sendonly", "inactive"].into_iter().find(|it| has(lines, &format!("a={it}")));
        let is_rejected = lines[0].split(' ').nth(1) == Some("0");
        let way = if is_rejected { "rejected" } else { way.unwrap_or("both") };
        let kind = lines[0].split(' ').next().unwrap().trim_start_matches("m=").to_owned();
        [kind, value("a=mid:"), way.to_owned(), value("a=msid:")].join(" ").trim().to_owned()
    };
    sections[1..].iter().map(of).collect()
}

#[test]
fn guests_stand_behind_the_host_and_their_places_are_used_again() {
    let (layout, first) = offered(Layout::ours(), &cast(&[(1, "ann"), (3, "cat")]));
    let expected = [
        "audio 0 sendonly kaibo audio",
        "video 1 sendonly kaibo video",
        "audio 2 sendonly ann audio",
        "video 3 sendonly ann video",
        "audio 6 sendonly cat audio",
        "video 7 sendonly cat video",
    ];
    assert_eq!(outline(&first), expected);
    assert!(first.contains("a=group:BUNDLE 0 1 2 3 6 7\r\n"), "{first}");
    let remote = read_answer(&answer_to(&first), &layout).unwrap();
    assert_eq!(remote.guests().len(), 4);

    // One leaves, another comes.
    let (layout, second) = offered(&remote.layout, &cast(&[(3, "cat"), (2, "bob")]));
    let expected = [
        "audio 0 sendonly kaibo audio",
        "video 1 sendonly kaibo video",
        "audio 2 inactive",
        "video 3 inactive",
        "audio 6 sendonly cat audio",
        "video 7 sendonly cat video",
        "audio 4 sendonly bob audio",
        "video 5 sendonly bob video",
    ];
    assert_eq!(outline(&second), expected);
    let remote = read_answer(&answer_to(&second), &layout).unwrap();

    // The free place is taken, and the host's second picture has no sound.
    let next = cast(&[(3, "cat"), (2, "bob"), (1, "dan"), (9, "kaibo-2")]);
    let (layout, third) = offered(&remote.layout, &next);
    let outline = outline(&third);
    assert_eq!(outline[2..4], ["audio 2 sendonly dan audio", "video 3 sendonly dan video"]);
    assert_eq!(outline[8..], ["video 19 sendonly kaibo-2 video"]);
    let remote = read_answer(&answer_to(&third), &layout).unwrap();
    assert_eq!(remote.guests().len(), 7);
    let ssrcs: Vec<&str> = third.lines().filter(|it| it.contains(" cname:")).collect();
    let mut different = ssrcs.clone();
    different.sort_unstable();
    different.dedup();
    assert_eq!((ssrcs.len(), different.len()), (3 + 9 + 2, 3 + 9 + 2));
}

#[test]
fn what_a_viewer_rejects_of_a_guest_stays_rejected() {
    let (layout, first) = offered(Layout::ours(), &cast(&[(1, "ann")]));
    let at = first.match_indices("m=video 9").nth(1).unwrap().0;
    let mut rejecting = first.clone();
    rejecting.replace_range(at..at + "m=video 9".len(), "m=video 0");
    let remote = read_answer(&answer_to(&rejecting), &layout).unwrap();
    assert_eq!(remote.guests().len(), 1);
    let (_, second) = offered(&remote.layout, &cast(&[(1, "bob")]));
    assert_eq!(outline(&second)[2..], ["audio 2 sendonly bob audio", "video 3 rejected"]);
}

#[test]
fn a_host_that_watches_its_guests_is_offered_them_alone() {
    let alone = |guests: &[(u8, &str)]| Cast { has_host: false, ..cast(guests) };
    let (layout, first) = offered(Layout::ours(), &alone(&[(2, "bob")]));
    assert_eq!(outline(&first), ["audio 4 sendonly bob audio", "video 5 sendonly bob video"]);
    let remote = read_answer(&answer_to(&first), &layout).unwrap();
    assert!(remote.media(MediaKind::Audio).is_none());
    let (layout, none) = offered(&remote.layout, &alone(&[]));
    assert_eq!(outline(&none), ["audio 4 inactive", "video 5 inactive"]);
    let remote = read_answer(&answer_to(&none), &layout).unwrap();
    assert!(remote.guests().is_empty());
    let (_, again) = offered(&remote.layout, &alone(&[(2, "eve")]));
    assert_eq!(outline(&again), ["audio 4 sendonly eve audio", "video 5 sendonly eve video"]);
}

#[test]
fn the_largest_description_fits_the_limits_of_clients() {
    let all: Vec<(u8, String)> = (1..=9).map(|n| (n, format!("g{n}"))).collect();
    let all: Vec<(u8, &str)> = all.iter().map(|(n, stream)| (*n, stream.as_str())).collect();
    let (layout, text) = offered(Layout::ours(), &cast(&all));
    assert!(text.len() < 40 * 1024, "{} bytes", text.len());
    let remote = read_answer(&answer_to(&text), &layout).unwrap();
    assert_eq!(remote.guests().len(), 17);
}
