//! A publisher without a retransmission stream, as OBS is (libdatachannel): it offers `nack`, no RTX and no
//! header extensions, and answers a request with the packet as it was, on the same SSRC.

use std::collections::VecDeque;

use str0m::RtcConfig;
use str0m::rtp::RawPacket;
use str0m::rtp::rtcp::Rtcp;

/// Packets that libdatachannel keeps for repetition.
const KEPT: usize = 512;

/// The packets that may be asked for, encrypted: the same number under the same key is the same bytes.
#[derive(Default)]
pub(crate) struct InPlace {
    sent: VecDeque<Vec<u8>>,
    /// How many were asked for.
    pub(crate) n_asked: usize,
}

impl InPlace {
    /// Opus, and H264 without RTX.
    pub(super) fn configure(config: RtcConfig) -> RtcConfig {
        let mut config = config.enable_raw_packets(true).clear_codecs().enable_opus(true, false);
        config.codec_config().add_h264(96.into(), None, true, 0x42_E0_1F);
        config
    }

    /// The offer without what such a publisher does not know.
    pub(super) fn offer(offer: &str) -> String {
        // str0m names a stream for repetitions even when it has no payload type for it.
        let rtx = offer.lines().find_map(|it| it.strip_prefix("a=ssrc-group:FID "));
        let rtx = rtx.and_then(|it| it.split(' ').nth(1)).map(|it| format!("a=ssrc:{it} "));
        let drops = |it: &&str| {
            it.starts_with("a=extmap")
                || it.ends_with(" transport-cc")
                || it.starts_with("a=ssrc-group:")
                || rtx.as_ref().is_some_and(|rtx| it.starts_with(rtx))
        };
        offer.split_inclusive("\r\n").filter(|it| !drops(&it.trim_end())).collect()
    }

    pub(super) fn sent(&mut self, datagram: &[u8]) {
        // RTP, and no RTCP (RFC 5761, section 4).
        if let [128..=191, second, ..] = datagram
            && !(64..96).contains(&(second & 0x7F))
        {
            if self.sent.len() == KEPT {
                self.sent.pop_front();
            }
            self.sent.push_back(datagram.to_vec());
        }
    }

    /// What to send again, when it was asked for.
    pub(super) fn asked(&mut self, packet: &RawPacket) -> Vec<Vec<u8>> {
        let RawPacket::RtcpRx(Rtcp::Nack(nack)) = packet else { return Vec::new() };
        let ssrc = (*nack.ssrc).to_be_bytes();
        let mut found = Vec::new();
        for entry in nack.reports.iter() {
            let bits = (0..16).filter(|bit| entry.blp >> bit & 1 == 1);
            let seqs = bits.map(|bit| entry.pid.wrapping_add(bit + 1)).chain([entry.pid]);
            for seq in seqs {
                self.n_asked += 1;
                let is_it = |it: &&Vec<u8>| it[2..4] == seq.to_be_bytes() && it[8..12] == ssrc;
                found.extend(self.sent.iter().find(is_it).cloned());
            }
        }
        found
    }
}
