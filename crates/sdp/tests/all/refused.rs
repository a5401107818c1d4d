//! What nobody can use is refused, and what is too large, with the line and without its text.

use sdp::{Description, Error};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n";

fn refused(text: &str) -> Error {
    Description::parse(text).unwrap_err()
}

fn media(n: usize, attributes: &str) -> String {
    format!("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{n}\r\n{attributes}")
}

#[test]
fn what_is_no_description_is_malformed() {
    for text in
        ["", "hello", "<html>", "{\"type\":\"offer\"}", "\u{feff}v=0", " v=0", "m=audio 9 X 0"]
    {
        let error = refused(text);
        assert_eq!(error.to_string(), "line 1: it does not begin with v=0", "{text}");
        assert!(!error.is_too_large());
    }
    let error = refused(&format!("{HEAD}m=audio 9\r\n"));
    assert_eq!(
        (error.line(), error.why()),
        (Some(5), "an m= line is cut short: kind, port and protocol")
    );
    assert_eq!(refused(&format!("{HEAD}m=audio x Y 0\r\n")).why(), "an m= line without a port");
}

#[test]
fn what_is_too_large_is_told_with_the_line_where_it_becomes_so() {
    let check = |text: String, expected: &str| {
        let error = refused(&text);
        assert_eq!((error.to_string().as_str(), error.is_too_large()), (expected, true));
    };
    check(HEAD.to_owned() + &"a=x\r\n".repeat(20_000), "more than 64 KiB");
    check(HEAD.to_owned() + &"a\r\n".repeat(5_000), "line 2001: more than 2000 lines");
    check(HEAD.to_owned() + "a=" + &"x".repeat(2_000), "line 5: a line of more than 1024 bytes");
    let sections: String = (0..21).map(|n| media(n, "")).collect();
    check(HEAD.to_owned() + &sections, "line 45: more than 20 media descriptions");
    let formats = format!("{HEAD}m=video 9 X {}\r\n", "96 ".repeat(65));
    check(formats, "line 5: more than 64 payload types in one media description");
    let lines = |line: &str, n: usize| -> String {
        (0..n).map(|n| line.replace('#', &n.to_string())).collect()
    };
    let maps = HEAD.to_owned() + &media(0, &lines("a=rtpmap:# VP8/90000\r\n", 65));
    check(maps, "line 71: more than 64 formats in one media description");
    let fmtp = HEAD.to_owned() + &media(0, &lines("a=fmtp:96 x=#\r\n", 65));
    check(fmtp, "line 71: more than 64 formats in one media description");
    let sources = HEAD.to_owned() + &media(0, &lines("a=ssrc:# cname:x\r\n", 41));
    check(sources, "line 47: more than 40 sources");
    let groups = HEAD.to_owned() + &media(0, &lines("a=ssrc-group:FID # 9#\r\n", 21));
    check(groups, "line 27: more than 40 sources");
}

#[test]
fn what_just_fits_is_read() {
    let lines = |line: &str, n: usize| -> String {
        (0..n).map(|n| line.replace('#', &n.to_string())).collect()
    };
    let sections: String = (0..20).map(|n| media(n, "a=ssrc:7 cname:x\r\n")).collect();
    let text = HEAD.to_owned()
        + &sections
        + &lines("a=ssrc:# cname:x\r\na=ssrc:# msid:s t\r\n", 40)
        + &lines("a=rtpmap:# VP8/90000\r\na=fmtp:# x=1\r\n", 64)
        + "a="
        + &"x".repeat(1_022);
    let it = Description::parse(&text).unwrap();
    assert_eq!(it.sections.len(), 20);
    assert_eq!(it.sections[19].attributes.sources().len(), 40);
}

#[test]
fn an_error_does_not_repeat_what_it_read() {
    let secret = "TheirPasswordOf26Characters";
    for text in [
        format!("v=1\na=ice-pwd:{secret}\n"),
        format!("{HEAD}m={secret}\r\n"),
        format!("{HEAD}m=audio {secret} X 0\r\n"),
        format!("{HEAD}{}a=rtpmap:96 {secret}/1\r\na=rtpmap:96 y/1\r\n", media(0, "")),
    ] {
        let error = refused(&text);
        assert!(!format!("{error} {error:?}").contains(secret));
    }
    let short = format!(
        "{HEAD}a=ice-ufrag:abcd\r\na=ice-pwd:hunter2\r\na=setup:hunter2\r\n{}",
        media(0, "")
    );
    let it = Description::parse(&short).unwrap();
    let transport = it.transport(&it.sections[0]);
    let error = transport.credentials().unwrap_err();
    assert_eq!(error.to_string(), "line 6: it needs an a=ice-pwd of 22 to 256 characters");
    assert!(transport.setup().unwrap_err().to_string().starts_with("line 7: an a=setup is"));
    let whole = short.replace("hunter2", secret);
    let it = Description::parse(&whole).unwrap();
    let credentials = it.transport(&it.sections[0]).credentials().unwrap();
    assert!(credentials.pwd == secret && !format!("{credentials:?}").contains(secret));
}
