//! Writes our descriptions.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::LazyLock;

use super::{
    DtlsRole, Incoming, Layout, Line, Local, LocalTransport, Media, MediaKind, Plan,
    PublisherOffer, Remote, Section, Ssrcs, formats,
};
use media_api::Name;

/// Writes an offer of a layout: at first [`Layout::ours`], later the viewer's. New ICE credentials in it restart ICE.
pub(crate) fn offer(local: &Local<'_>, layout: &Layout) -> String {
    // The offerer leaves the choice of the DTLS role to the other side (RFC 8842, section 5.2).
    Writer::new(local, layout, |_| "actpass").description()
}

/// Answers a viewer's offer: all formats that we forward, in its order and with its payload types.
pub(crate) fn answer(local: &Local<'_>, remote: &Remote) -> String {
    Writer::new(local, &remote.layout, |_| setup(remote.transport.role)).description()
}

/// Answers a publisher's offer: all formats that we forward, in its order and with its payload types (RFC 3264, section
/// 6.1).
pub(crate) fn answer_publisher(local: &Local<'_>, offer: &PublisherOffer) -> String {
    let role = |at: usize| offer.transports.get(at).map_or(DtlsRole::Server, |it| it.role);
    Writer::new(local, &offer.layout, |at| setup(role(at))).description()
}

fn setup(role: DtlsRole) -> &'static str {
    match role {
        DtlsRole::Server => "passive",
        DtlsRole::Client => "active",
    }
}

/// The text for all formats that we offer: four fifths of a description, and the same for every viewer. Made once.
struct Fixed {
    heading: String,
    extensions: String,
    formats: String,
}

impl Fixed {
    fn of(media: &Media) -> Self {
        let mut it =
            Self { heading: String::new(), extensions: String::new(), formats: String::new() };
        heading(media, &mut it.heading);
        extensions(media, &mut it.extensions);
        payload_types(media, &mut it.formats);
        it
    }

    /// The text for `media`, if that is one of [`Layout::ours`].
    fn find(media: &Media) -> Option<&'static Self> {
        static OURS: LazyLock<[Fixed; 2]> = LazyLock::new(|| {
            let of = |it: &Option<Media>| Fixed::of(it.as_ref().expect("we offer both kinds"));
            [of(&Layout::ours().audio), of(&Layout::ours().video)]
        });
        let ours = Layout::ours();
        let is = |it: &Option<Media>| it.as_ref().is_some_and(|it| std::ptr::eq(it, media));
        let [audio, video] = &*OURS;
        if is(&ours.audio) { Some(audio) } else { is(&ours.video).then_some(video) }
    }
}

struct Writer<'a, F> {
    local: &'a Local<'a>,
    layout: &'a Layout,
    /// `a=setup` of each transport.
    setup: F,
    text: String,
}

/// The media that flows in a media description.
#[derive(Debug, Clone, Copy)]
enum Flow<'a> {
    Out(Line),
    In(&'a Incoming),
    Nothing,
}

/// Writes a line and its line end.
macro_rules! line {
    ($self:ident, $($part:tt)*) => { put!($self.text, $($part)*) };
}

/// Writes a line and its line end to `text`.
macro_rules! put {
    ($text:expr, $($part:tt)*) => {{
        let _ = write!($text, $($part)*);
        $text.push_str("\r\n");
    }};
}

impl<'a, F: Fn(usize) -> &'static str> Writer<'a, F> {
    fn new(local: &'a Local<'a>, layout: &'a Layout, setup: F) -> Self {
        Self { local, layout, setup, text: String::with_capacity(8 * 1024) }
    }

    fn description(mut self) -> String {
        let Local { session_id, version, stream_id, .. } = self.local;
        let accepted: Vec<&str> = self.bundled().collect();
        line!(self, "v=0");
        line!(self, "o=- {} {version} IN IP4 0.0.0.0", session_id & (u64::MAX >> 1));
        line!(self, "s=-");
        line!(self, "t=0 0");
        if !accepted.is_empty() {
            line!(self, "a=group:BUNDLE {}", accepted.join(" "));
        }
        if self.layout.allow_mixed {
            line!(self, "a=extmap-allow-mixed");
        }
        line!(self, "a=msid-semantic: WMS {stream_id}");
        line!(self, "a=ice-lite");
        // The candidates are in the media description that stands for the bundle (RFC 9143, section 7.1.2). Without a
        // bundle, they are in the first one of each transport.
        let tagged = accepted.first().copied();
        let mut n_transports = 0;
        for section in &self.layout.sections {
            let (media, flow) = match &section.plan {
                Plan::Send(line) => (self.layout.media(*line), Flow::Out(*line)),
                Plan::Receive(it) => (Some(&it.media), Flow::In(it)),
                Plan::Idle(media) => (Some(&**media), Flow::Nothing),
                Plan::Reject => (None, Flow::Nothing),
            };
            let Some(media) = media else {
                self.rejected(section);
                continue;
            };
            let is_first = section.transport >= n_transports;
            n_transports = n_transports.max(section.transport + 1);
            let is_bundled = accepted.contains(&section.mid.as_str());
            let has_candidates =
                if is_bundled { tagged == Some(section.mid.as_str()) } else { is_first };
            self.media(section, media, flow, has_candidates);
        }
        self.text
    }

    /// The `mid`s of the bundle, without rejected media descriptions.
    fn bundled(&self) -> impl Iterator<Item = &'a str> {
        let sections = &self.layout.sections;
        let is_used =
            |mid: &str| sections.iter().any(|it| it.mid == mid && it.plan != Plan::Reject);
        self.layout.bundle.iter().map(String::as_str).filter(move |it| is_used(it))
    }

    fn rejected(&mut self, section: &Section) {
        line!(self, "m={} 0 {}", section.kind, section.rest);
        line!(self, "c=IN IP4 0.0.0.0");
        if !section.mid.is_empty() {
            line!(self, "a=mid:{}", section.mid);
        }
        line!(self, "a=inactive");
    }

    fn media(&mut self, section: &Section, media: &Media, flow: Flow<'_>, candidates: bool) {
        let fixed = Fixed::find(media);
        let _ = write!(self.text, "m={} 9 ", section.kind);
        match fixed {
            Some(fixed) => self.text.push_str(&fixed.heading),
            None => heading(media, &mut self.text),
        }
        line!(self, "c=IN IP4 0.0.0.0");
        if candidates {
            self.candidates();
        }
        let transport = usize::from(section.transport);
        if let Some(LocalTransport { ufrag, pwd }) = self.local.transports.get(transport) {
            line!(self, "a=ice-ufrag:{ufrag}");
            line!(self, "a=ice-pwd:{pwd}");
        }
        line!(self, "a=ice-options:trickle");
        line!(self, "a=fingerprint:sha-256 {}", self.local.fingerprint);
        line!(self, "a=setup:{}", (self.setup)(transport));
        if !media.mid.is_empty() {
            line!(self, "a=mid:{}", media.mid);
        }
        if media.allow_mixed && !self.layout.allow_mixed {
            line!(self, "a=extmap-allow-mixed");
        }
        match fixed {
            Some(fixed) => self.text.push_str(&fixed.extensions),
            None => extensions(media, &mut self.text),
        }
        match flow {
            Flow::In(_) => line!(self, "a=recvonly"),
            Flow::Out(of) => {
                let way = if self.local.is_both_ways { "sendrecv" } else { "sendonly" };
                line!(self, "a={way}");
                let (stream, track) = self.names(of);
                line!(self, "a=msid:{stream} {track}");
            }
            Flow::Nothing => line!(self, "a=inactive"),
        }
        line!(self, "a=rtcp-mux");
        if media.rtcp_rsize {
            line!(self, "a=rtcp-rsize");
        }
        match fixed {
            Some(fixed) => self.text.push_str(&fixed.formats),
            None => payload_types(media, &mut self.text),
        }
        match flow {
            Flow::Out(of) => self.sources(of, media),
            Flow::In(incoming) => self.layers(incoming),
            Flow::Nothing => {}
        }
    }

    /// The ids of a track's stream and of the track in it (RFC 8830).
    fn names(&self, of: Line) -> (&'a str, &'static str) {
        let guest = self.local.guests.iter().find(|it| it.seat == of.seat);
        (guest.map_or(self.local.stream_id, |it| &it.stream), of.kind.as_str())
    }

    /// Writes the accepted simulcast layers: all that were offered (RFC 8853, section 5.3.2).
    fn layers(&mut self, incoming: &Incoming) {
        if incoming.rids.is_empty() {
            return;
        }
        for rid in &incoming.rids {
            line!(self, "a=rid:{rid} recv");
        }
        let rids: Vec<&str> = incoming.rids.iter().map(Name::as_str).collect();
        line!(self, "a=simulcast:recv {}", rids.join(";"));
    }

    /// Writes our candidates by preference, IPv6 before IPv4 (RFC 8421), but the address `via` first.
    fn candidates(&mut self) {
        let Local { candidates, via, .. } = *self.local;
        for (n, address) in via_first(candidates.iter().enumerate(), via, |it| Some(it.1.ip())) {
            // Each has its own base, and so its own foundation and its own preference (RFC 8445, section 5.1).
            let below = u32::try_from(n).unwrap_or(u32::MAX).min(0x7FFF);
            let preference = if address.is_ipv6() { 0xFFFF - below } else { 0x7FFF - below };
            let priority = 126 << 24 | preference << 8 | 255;
            let (ip, port) = (address.ip(), address.port());
            line!(self, "a=candidate:{} 1 udp {priority} {ip} {port} typ host", n + 1);
        }
        self.tcp_candidates(candidates.len());
        // There are no further candidates.
        line!(self, "a=end-of-candidates");
    }

    /// Writes our TCP candidates (RFC 6544, section 4.5), by preference and below all of UDP: a lost packet holds up those
    /// behind it. `n_before` other candidates have a foundation.
    fn tcp_candidates(&mut self, n_before: usize) {
        let Local { tcp_candidates, via, .. } = *self.local;
        for (n, address) in via_first(tcp_candidates.iter().enumerate(), via, |it| Some(it.1.ip()))
        {
            // Section 4.2: the direction is a part of the preference; passive is 4.
            let below = u32::try_from(n).unwrap_or(u32::MAX).min(0x1FFF);
            let priority = TCP_TYPE_PREFERENCE << 24 | (4 << 13 | (0x1FFF - below)) << 8 | 255;
            let (ip, port) = (address.ip(), address.port());
            let foundation = n_before + n + 1;
            line!(
                self,
                "a=candidate:{foundation} 1 tcp {priority} {ip} {port} typ host tcptype passive"
            );
        }
    }

    /// Writes the SSRCs of our streams (RFC 5576), for which a browser prepares its receivers.
    fn sources(&mut self, of: Line, media: &Media) {
        let Local { cname, ssrcs, .. } = self.local;
        let Ssrcs { audio: audio_ssrc, video: video_ssrc, rtx: rtx_ssrc } = ssrcs.of(of.seat);
        let (stream_id, track) = self.names(of);
        let kind = of.kind;
        let has_rtx = media.formats.iter().any(|it| it.rtx.is_some());
        let sources = match kind {
            MediaKind::Audio => vec![audio_ssrc],
            MediaKind::Video if has_rtx => vec![video_ssrc, rtx_ssrc],
            MediaKind::Video => vec![video_ssrc],
        };
        for ssrc in &sources {
            line!(self, "a=ssrc:{ssrc} cname:{cname}");
            line!(self, "a=ssrc:{ssrc} msid:{stream_id} {track}");
        }
        if sources.len() > 1 {
            line!(self, "a=ssrc-group:FID {video_ssrc} {rtx_ssrc}");
        }
    }
}

/// Type preference of TCP candidates (RFC 6544, section 4.2: below that of UDP, which is 126).
const TCP_TYPE_PREFERENCE: u32 = 90;

/// Writes the end of an `m=` line: protocol and payload types.
fn heading(media: &Media, text: &mut String) {
    text.push_str(&media.proto);
    for offered in &media.formats {
        let _ = write!(text, " {}", offered.pt);
        if let Some(rtx) = offered.rtx {
            let _ = write!(text, " {rtx}");
        }
    }
    text.push_str("\r\n");
}

/// Writes the header extensions and their ids.
fn extensions(media: &Media, text: &mut String) {
    for (n, known) in formats::known().enumerate() {
        if let Some(id) = (known.id)(&media.extensions) {
            let direction = if media.one_way >> n & 1 == 1 { media.way } else { "" };
            put!(text, "a=extmap:{id}{direction} {}", known.uri);
        }
    }
}

/// Writes the format of each payload type, its feedback and its retransmissions.
fn payload_types(media: &Media, text: &mut String) {
    for it in &media.formats {
        let pt = it.pt;
        put!(text, "a=rtpmap:{pt} {}", formats::rtpmap(it.format.codec));
        let feedback = [
            (it.transport_cc, "transport-cc"),
            (it.remb, "goog-remb"),
            (it.fir, "ccm fir"),
            (it.nack, "nack"),
            (it.pli, "nack pli"),
        ];
        for (_, name) in feedback.into_iter().filter(|it| it.0) {
            put!(text, "a=rtcp-fb:{pt} {name}");
        }
        let params = it.format.params.to_string();
        if !params.is_empty() {
            put!(text, "a=fmtp:{pt} {params}");
        }
        if let Some(rtx) = it.rtx {
            put!(text, "a=rtpmap:{rtx} rtx/90000");
            put!(text, "a=fmtp:{rtx} apt={pt}");
        }
    }
}

/// Moves the items with address `via` to the front, and keeps the order of the others. An IPv4 address equals its
/// IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2), which a dual-stack socket reports.
fn via_first<T>(
    items: impl Iterator<Item = T>,
    via: Option<IpAddr>,
    address: impl Fn(&T) -> Option<IpAddr>,
) -> impl Iterator<Item = T> {
    let via = via.map(|it| it.to_canonical());
    let is_first = |it: &T| via.is_some() && address(it).map(|it| it.to_canonical()) == via;
    let (first, others): (Vec<T>, Vec<T>) = items.partition(is_first);
    first.into_iter().chain(others)
}
