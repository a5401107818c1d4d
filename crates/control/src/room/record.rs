//! What is gathered of a broadcast while it is live: its record, and what programs of the operator are told.

mod freezes;
mod latency;
mod timeline;

use std::collections::BTreeMap;
use std::time::Instant;

use protocol::{Finding, FindingCode, LiveState};

use self::freezes::Watched;
use self::latency::Histogram;
use self::timeline::Timeline;
use super::Room;
use crate::api::{Effect, Seen};
use crate::context::Context;
use crate::happened::{Happened, RoomEvent, VIEWER_STEPS};
use crate::limits::{
    FINDING_AGAIN, RECORD_EVERY, RECORDED_FINDINGS, RECORDED_INTERRUPTIONS, RECORDED_LAYERS,
    SAMPLE_EVERY,
};
use crate::record::{BroadcastRecord, FindingAt, Interruption, LayerShare};
use crate::timers::Timer;
use crate::why::Why;

/// What is gathered of one broadcast.
#[derive(Debug)]
pub(crate) struct Record {
    id: String,
    began: f64,
    /// When it was to be written last.
    told_at: Instant,
    joins: u32,
    /// The highest step of viewers that was told.
    step: u32,
    watched: Watched,
    latency: Histogram,
    /// How often a viewer was seen to be sent each layer; at most [`RECORDED_LAYERS`].
    layers: BTreeMap<String, u64>,
    interruptions: Vec<Interruption>,
    findings: Vec<FindingAt>,
    /// When each kind of finding was told last.
    raised: BTreeMap<&'static str, Instant>,
    timeline: Timeline,
}

impl Record {
    fn new(id: String, began: f64, joins: u32, now: Instant) -> Self {
        Self {
            id,
            began,
            told_at: now,
            joins,
            step: 0,
            watched: Watched::default(),
            latency: Histogram::default(),
            layers: BTreeMap::new(),
            interruptions: Vec::new(),
            findings: Vec::new(),
            raised: BTreeMap::new(),
            timeline: Timeline::new(began),
        }
    }

    /// The broadcast is interrupted no more; `until` is the time.
    fn resume(&mut self, until: f64) {
        if let Some(last) = self.interruptions.last_mut() {
            last.for_s.get_or_insert(((until - last.at) / 1000.0).max(0.0));
        }
    }

    /// Whether a finding is news: what comes and goes is told once in a while.
    fn is_news(&mut self, code: FindingCode, now: Instant) -> bool {
        let before = self.raised.insert(code.as_str(), now);
        before.is_none_or(|at| now.saturating_duration_since(at) >= FINDING_AGAIN)
    }

    fn layer_shares(&self) -> Vec<LayerShare> {
        let all: u64 = self.layers.values().sum();
        let share = |n: u64| (n as f64 / all.max(1) as f64 * 1000.0).round() / 1000.0;
        let shares = self.layers.iter();
        let mut shares: Vec<_> =
            shares.map(|(name, n)| LayerShare { name: name.clone(), share: share(*n) }).collect();
        shares.sort_by(|a, b| b.share.total_cmp(&a.share));
        shares
    }
}

impl Room {
    /// A broadcast begins.
    pub(super) fn begin_record(&mut self, cx: &mut Context) {
        if self.name.ticket().is_some() {
            return;
        }
        let n_viewers = self.audience.n_viewers;
        let record = Record::new(cx.new_broadcast_id(), cx.now.unix_ms, n_viewers, cx.now.at);
        self.broadcast.record = Some(record);
        cx.timers.set(Timer::Sample(self.id), cx.now.at + SAMPLE_EVERY);
        self.happened(cx, Happened::Live);
        self.begin_to_keep(cx);
        // It is there from the beginning, so that a crash leaves a trace of it.
        self.tell_record(cx, None);
        self.raise_findings(cx, &self.broadcast.findings.told.clone());
    }

    /// Its media stopped.
    pub(super) fn record_interruption(&mut self, cx: &mut Context) {
        let at = cx.now.unix_ms;
        if let Some(record) = &mut self.broadcast.record
            && record.interruptions.len() < RECORDED_INTERRUPTIONS
        {
            record.interruptions.push(Interruption { at, for_s: None });
        }
        self.happened(cx, Happened::Interrupted);
    }

    /// Its media flows again, after so many milliseconds.
    pub(super) fn record_return(&mut self, cx: &mut Context, after_ms: u64) {
        if let Some(record) = &mut self.broadcast.record {
            record.resume(cx.now.unix_ms);
        }
        self.happened(cx, Happened::Resumed { after_ms });
    }

    /// It is over.
    pub(super) fn end_record(&mut self, cx: &mut Context, why: Why) {
        cx.timers.cancel(Timer::Sample(self.id));
        let Some(record) = &mut self.broadcast.record else { return };
        record.resume(cx.now.unix_ms);
        let for_ms = (cx.now.unix_ms - record.began).max(0.0) as u64;
        let (peak, joins) = (self.audience.peak, record.joins);
        self.end_keeping();
        self.happened(cx, Happened::Ended { why: why.to_string(), for_ms, peak, joins });
        self.tell_record(cx, Some(why));
    }

    /// Somebody began to watch.
    pub(super) fn record_join(&mut self) {
        if let Some(record) = &mut self.broadcast.record {
            record.joins = record.joins.saturating_add(1);
        }
    }

    /// The number of viewers may have changed: tells the step that was reached, once in a broadcast.
    pub(super) fn record_viewers(&mut self, cx: &mut Context) {
        let n = self.audience.n_viewers;
        let Some(record) = &mut self.broadcast.record else { return };
        let reached = VIEWER_STEPS.into_iter().rev().find(|step| *step <= n);
        if let Some(step) = reached.filter(|step| *step > record.step) {
            record.step = step;
            self.happened(cx, Happened::Viewers { step, n });
        }
    }

    /// A fan saw the picture that late.
    pub(super) fn record_latency(&mut self, ms: f64) {
        if let Some(record) = &mut self.broadcast.record {
            record.latency.add(ms);
        }
    }

    /// Whether pictures stand still for all viewers because of the host's side has changed.
    pub(super) fn record_trouble(&mut self, cx: &Context, has_trouble: bool) {
        if let Some(record) = &mut self.broadcast.record {
            record.watched.trouble(has_trouble, cx.now.at);
        }
    }

    /// A page reports what its person saw.
    pub(crate) fn record_seen(&mut self, cx: &Context, seen: Seen) {
        if let Some(record) = &mut self.broadcast.record {
            record.watched.add(seen, cx.now.at);
        }
    }

    /// Something new is found wrong with what the host sends.
    pub(super) fn raise_findings(&mut self, cx: &mut Context, new: &[Finding]) {
        let now = cx.now;
        for finding in new {
            let Some(record) = &mut self.broadcast.record else { return };
            if !record.is_news(finding.code, now.at) {
                continue;
            }
            if record.findings.len() < RECORDED_FINDINGS {
                record.findings.push(FindingAt { code: finding.code, at: now.unix_ms });
            }
            self.happened(cx, Happened::Finding(finding.clone()));
        }
    }

    /// Looks at what viewers are sent; every [`SAMPLE_EVERY`].
    pub(crate) fn sample(&mut self, cx: &mut Context) {
        let Some(record) = &mut self.broadcast.record else { return };
        cx.timers.set(Timer::Sample(self.id), cx.now.at + SAMPLE_EVERY);
        let is_live = self.broadcast.live == LiveState::Live;
        let rates = self.broadcast.rates.iter().filter(|_| is_live);
        let kbps = rates.fold(0_u32, |sum, rate| sum.saturating_add(rate.kbps));
        record.timeline.add(cx.now.unix_ms, self.audience.n_viewers, kbps);
        let watching = self.members.values().filter_map(|it| it.watching.as_ref());
        let audience = watching.filter(|it| {
            is_live && it.cast.has_host && it.connected_at.is_some() && !it.is_preview
        });
        for layer in audience.filter_map(|it| it.layer.as_ref()) {
            let name = match &layer.layer {
                _ if !layer.has_picture => "off",
                None => "single",
                Some(rid) => rid,
            };
            if let Some(n) = record.layers.get_mut(name) {
                *n += 1;
            } else if record.layers.len() < RECORDED_LAYERS {
                record.layers.insert(name.to_owned(), 1);
            }
        }
        if cx.now.at.saturating_duration_since(record.told_at) >= RECORD_EVERY {
            record.told_at = cx.now.at;
            self.tell_record(cx, None);
        }
    }

    fn happened(&self, cx: &mut Context, what: Happened) {
        let Some(record) = &self.broadcast.record else { return };
        let event = RoomEvent {
            room: self.name.clone(),
            room_id: Some(self.id),
            title: self.settings.title.clone(),
            broadcast: record.id.clone(),
            at: cx.now.unix_ms,
            what,
        };
        cx.push(Effect::Happened(Box::new(event)));
    }

    /// Has the record written; `why` when the broadcast is over.
    fn tell_record(&self, cx: &mut Context, why: Option<Why>) {
        let Some(record) = &self.broadcast.record else { return };
        let told = BroadcastRecord {
            id: record.id.clone(),
            room: self.name.clone(),
            title: self.settings.title.clone(),
            began: record.began,
            ended: why.map(|_| cx.now.unix_ms),
            why: why.map(|why| why.to_string()),
            until: cx.now.unix_ms,
            joins: record.joins,
            peak: self.audience.peak,
            latency_ms: record.latency.figures(),
            layers: record.layer_shares(),
            interruptions: record.interruptions.clone(),
            freezes: record.watched.freezes(),
            findings: record.findings.clone(),
            timeline: record.timeline.points(),
        };
        cx.push(Effect::Record(Box::new(told)));
    }
}
