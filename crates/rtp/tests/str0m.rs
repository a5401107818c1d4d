//! What we write, read by another implementation. (It offers nothing that writes.)

#![allow(clippy::unwrap_used, reason = "an unwrap in a test is an assertion")]

use std::time::{Duration, Instant};

use rtp::rtcp::{FeedbackInfo, FirEntry, ReportBlock, SenderInfo, write};
use str0m::rtp::rtcp::{Rtcp, SdesType};

/// What it reads of what one function writes.
fn theirs(write: impl Fn(&mut [u8]) -> Option<usize>) -> Rtcp {
    let mut out = vec![0xEE; 9_000];
    let len = write(&mut out).unwrap();
    Rtcp::try_from(&out[..len]).unwrap()
}

#[test]
fn reports_are_understood() {
    let info = SenderInfo { ssrc: 1, ntp: 7 << 32, rtp_ts: 3, packets: 4, octets: 5 };
    let Rtcp::SenderReport(report) = theirs(|out| write::sender_report(out, &info)) else {
        panic!()
    };
    let sent = &report.sender_info;
    assert_eq!((*sent.ssrc, sent.sender_packet_count, sent.sender_octet_count), (1, 4, 5));

    let ours = ReportBlock {
        ssrc: 2,
        fraction_lost: 3,
        cumulative_lost: 4,
        highest_seq: 5,
        jitter: 6,
        last_sr: 7,
        delay_since_last_sr: 8,
    };
    let Rtcp::ReceiverReport(report) = theirs(|out| write::receiver_report(out, 1, &[ours; 2]))
    else {
        panic!()
    };
    assert_eq!((*report.sender_ssrc, report.reports.len()), (1, 2));
    let block = &report.reports[1];
    assert_eq!((*block.ssrc, block.fraction_lost, block.packets_lost), (2, 3, 4));
    assert_eq!((block.max_seq, block.jitter), (5, 6));
    assert_eq!((block.last_sr_time, block.last_sr_delay), (7, 8));
}

#[test]
fn names_and_goodbyes_are_understood() {
    for name in ["", "k", "kaibo", "kaibo-1"] {
        let Rtcp::SourceDescription(all) = theirs(|out| write::cname(out, 9, name)) else {
            panic!()
        };
        assert_eq!(*all.reports[0].ssrc, 9);
        assert_eq!(all.reports[0].values[0], (SdesType::CNAME, name.to_owned()));
    }
    let Rtcp::Goodbye(bye) = theirs(|out| write::bye(out, &[1, 2])) else { panic!() };
    assert_eq!(bye.reports.iter().map(|it| **it).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn requests_are_understood() {
    let Rtcp::Nack(nack) = theirs(|out| write::nack(out, 1, 2, [65_535, 0, 15, 16])) else {
        panic!()
    };
    assert_eq!((*nack.sender_ssrc, *nack.ssrc), (1, 2));
    let entries: Vec<_> = nack.reports.iter().map(|it| (it.pid, it.blp)).collect();
    assert_eq!(entries, [(65_535, 0x8001), (16, 0)]);

    let Rtcp::Pli(pli) = theirs(|out| write::pli(out, 1, 2)) else { panic!() };
    assert_eq!((*pli.sender_ssrc, *pli.ssrc), (1, 2));

    let entries = [FirEntry { ssrc: 5, seq: 6 }];
    let Rtcp::Fir(fir) = theirs(|out| write::fir(out, 1, &entries)) else { panic!() };
    assert_eq!((*fir.reports[0].ssrc, fir.reports[0].seq_no), (5, 6));

    let Rtcp::Remb(remb) = theirs(|out| write::remb(out, 1, 2_500_000, &[5, 6])) else { panic!() };
    let ssrcs: Vec<_> = remb.ssrcs.iter().map(|it| u64::from(*it)).collect();
    assert_eq!((remb.bitrate as u64, ssrcs), (2_500_000 >> 4 << 4, vec![5, 6]));
}

#[test]
fn feedback_is_understood() {
    // Every tenth is lost, some come after a pause, some before the one before them.
    let delta = |n: i32| match n {
        n if n % 10 == 3 => None,
        n if n % 97 == 5 => Some(1_000),
        n if n % 101 == 7 => Some(-3),
        n => Some(n % 5),
    };
    let info = FeedbackInfo { base_seq: 65_500, reference_time: 16, ..Default::default() };
    for count in [1, 7, 8, 14, 15, 300, 1_000] {
        let deltas = (0..count).map(delta);
        let Rtcp::Twcc(twcc) = theirs(|out| write::transport_feedback(out, &info, deltas.clone()))
        else {
            panic!()
        };
        assert_eq!(i32::from(twcc.status_count), count);
        let start = Instant::now();
        let mut arrived = start + Duration::from_millis(64 * 16);
        let mut read = twcc.into_iter(start, 65_500.into());
        for (n, delta) in deltas.enumerate() {
            let (seq, _, at) = read.next().unwrap();
            assert_eq!(*seq, 65_500 + n as u64);
            let Some(delta) = delta else {
                assert_eq!(at, None, "packet {n} of {count}");
                continue;
            };
            let step = Duration::from_micros(250 * u64::from(delta.unsigned_abs()));
            arrived = if delta < 0 { arrived - step } else { arrived + step };
            assert_eq!(at, Some(arrived), "packet {n} of {count}");
        }
        assert!(read.next().is_none());
    }
}
