//! The sessions of a room, with where they lose.

use std::time::Instant;

use control::{Entrance, Part, RoomSessions, SessionFigures};
use media_api::{Egress, PeerFigures, Reason};
use protocol::RoomName;
use serde::Serialize;
use utoipa::ToSchema;

use super::Metrics;
use super::gather::RoomMedia;

/// A link that loses more than this share of packets is told, in percent.
const LOSSY_PCT: f64 = 2.0;

/// Where a session loses what it should see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Where {
    /// On the host's way to the server: everybody sees it.
    Uplink,
    /// In the server: its media thread did not keep up with its work within the last minute.
    Server,
    /// On its own way from the server: packets are lost, or the link carries less than the lowest layer.
    LastMile,
    /// At the device: it asks for keyframes again and again though nothing is lost.
    Device,
}

/// A session as the API tells it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(crate) struct SessionInfo {
    pub(crate) id: String,
    /// `host`, `guest` or `fan`.
    role: &'static str,
    /// `ws`, `whip` or `whep`.
    door: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The network of its address, or what stands for it where addresses are not told.
    network: String,
    /// In milliseconds since the Unix epoch.
    joined: f64,
    /// `idle`, `connecting`, `connected` or `away`.
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt_ms: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimate_kbps: Option<u32>,
    /// Of packets that it was sent and reported about; of a host, of those that it sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    loss_pct: Option<f64>,
    freezes: u64,
    #[serde(rename = "where")]
    #[schema(inline)]
    loses: Option<Where>,
}

impl Metrics {
    /// The sessions of a room, in the order in which they came; `None` when nobody is in it.
    pub(crate) async fn sessions(&self, room: RoomName) -> Option<Vec<SessionInfo>> {
        let of_hub = self.0.hub.sessions(room).await??;
        let media = self.media_of(of_hub.room).await;
        let trouble = of_hub.has_host_trouble;
        let RoomSessions { sessions, .. } = of_hub;
        let now = Instant::now();
        let is_strained = |worker| self.0.strain.is_of(worker, now);
        Some(sessions.into_iter().map(|it| info(it, &media, trouble, &is_strained)).collect())
    }
}

fn info(
    of_hub: SessionFigures,
    media: &RoomMedia,
    has_host_trouble: bool,
    is_strained: &impl Fn(u8) -> bool,
) -> SessionInfo {
    let SessionFigures { id, door, part, stand, name, network, joined, layer, reason, peers } =
        of_hub;
    let find = |peer| media.peers.iter().find(|(_, it)| Some(it.peer) == peer);
    let found = peers.map(find);
    let is_at_strained = found.iter().flatten().any(|(worker, _)| is_strained(*worker));
    let [publishing, watching] = found.map(|it| it.map(|(_, peer)| peer));
    let is_host = part == Part::Host && publishing.is_some();
    let loss_pct = if is_host { publishing.and_then(lost_by) } else { watching.and_then(lost_to) };
    let egress = watching.map(|it| it.egress).unwrap_or_default();
    let loses = if is_at_strained {
        Some(Where::Server)
    } else if is_host {
        loss_pct.filter(|it| *it > LOSSY_PCT).map(|_| Where::Uplink)
    } else {
        where_lost(&egress, loss_pct, has_host_trouble, reason, layer.as_deref())
    };
    SessionInfo {
        id: id.to_string(),
        role: part.as_str(),
        door: Entrance::as_str(door),
        name,
        network,
        joined,
        state: stand.as_str(),
        layer,
        rtt_ms: watching.and_then(|it| it.rtt_ms),
        estimate_kbps: watching.and_then(|it| it.estimate_kbps),
        loss_pct,
        freezes: if is_host { 0 } else { egress.freezes },
        loses,
    }
}

fn where_lost(
    egress: &Egress,
    loss_pct: Option<f64>,
    has_host_trouble: bool,
    reason: Option<Reason>,
    layer: Option<&str>,
) -> Option<Where> {
    let is_starved = layer == Some("none") && reason == Some(Reason::Link);
    if has_host_trouble {
        Some(Where::Uplink)
    } else if is_starved || loss_pct.is_some_and(|it| it > LOSSY_PCT) {
        Some(Where::LastMile)
    } else if egress.freezes > 0 && loss_pct == Some(0.0) {
        Some(Where::Device)
    } else {
        (egress.freezes > 0).then_some(Where::LastMile)
    }
}

/// What a viewer lost and retransmissions did not repair, in percent.
fn lost_to(peer: &PeerFigures) -> Option<f64> {
    let Egress { reported, lost, repaired, .. } = peer.egress;
    percent(lost.saturating_sub(repaired), reported)
}

/// What of a publisher's packets never came, in percent.
fn lost_by(peer: &PeerFigures) -> Option<f64> {
    let ingress = peer.ingress;
    percent(ingress.expected.saturating_sub(ingress.received), ingress.expected)
}

/// To a hundredth.
fn percent(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| (part as f64 * 10_000.0 / of as f64).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn egress(reported: u64, lost: u64, freezes: u64) -> Egress {
        Egress { reported, lost, freezes, ..Egress::default() }
    }

    fn told(egress: &Egress, has_host_trouble: bool, reason: Reason, layer: &str) -> Option<Where> {
        let loss_pct = percent(egress.lost, egress.reported);
        where_lost(egress, loss_pct, has_host_trouble, Some(reason), Some(layer))
    }

    #[test]
    fn a_session_is_told_where_it_loses() {
        let (fine, publisher) = (egress(1_000, 0, 0), Reason::Publisher);
        assert_eq!(told(&fine, false, publisher, "h"), None);
        assert_eq!(told(&fine, true, publisher, "h"), Some(Where::Uplink));
        assert_eq!(told(&fine, false, Reason::Link, "none"), Some(Where::LastMile));
        assert_eq!(told(&egress(1_000, 50, 0), false, publisher, "h"), Some(Where::LastMile));
        assert_eq!(told(&egress(1_000, 0, 3), false, publisher, "h"), Some(Where::Device));
        assert_eq!(told(&egress(1_000, 5, 3), false, publisher, "h"), Some(Where::LastMile));
    }
}
