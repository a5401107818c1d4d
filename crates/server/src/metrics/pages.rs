//! The metrics of what pages report.

use std::fmt;

use super::beacons::{Page, Pages, Reported};
use super::text::Writer;

/// Writes them.
pub(super) fn write(writer: &mut Writer<'_>, pages: &Pages) -> fmt::Result {
    let all = || {
        let named = Page::ALL.into_iter().zip(&pages.by_page);
        named.map(|(page, it): (Page, &Reported)| ([("page", page.as_str())], it))
    };
    let n = all().map(|(labels, it)| (labels, it.n));
    writer.counters(
        "kaibo_page_reports",
        "Reports of pages, one a minute and one at the end.",
        n,
    )?;
    let watched = all().map(|(labels, it)| (labels, it.watched_ms));
    writer.seconds("kaibo_page_watched_seconds", "Time that pages showed a room.", watched)?;
    let freezes = all().map(|(labels, it)| (labels, it.freezes));
    writer.counters("kaibo_page_freezes", "Freezes that pages saw.", freezes)?;
    let frozen = all().map(|(labels, it)| (labels, it.frozen_ms));
    writer.seconds("kaibo_page_frozen_seconds", "Time of those.", frozen)?;
    let first = all().map(|(labels, it)| (labels, it.first_frame.clone()));
    writer.histograms(
        "kaibo_page_first_frame_seconds",
        "Time from the opening of a page to the first frame.",
        first,
    )?;
    let latency = all().map(|(labels, it)| (labels, it.latency.clone()));
    writer.histograms(
        "kaibo_page_latency_seconds",
        "Time from capture to display, once in each report of a page that knows it.",
        latency,
    )?;
    let loss = all().map(|(labels, it)| (labels, it.loss.clone()));
    writer.histograms(
        "kaibo_page_loss_ratio",
        "Share of packets that a page lost, once in each report.",
        loss,
    )?;
    let layers = pages.by_layer.iter().map(|(layer, ms)| ([("layer", *layer)], *ms));
    writer.seconds(
        "kaibo_page_layer_seconds",
        "Time that pages showed each layer; those of unusual names are other.",
        layers,
    )
}
