//! Writes metrics in the two text formats of Prometheus.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::buckets::Buckets;

/// A text format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// <https://prometheus.io/docs/specs/om/open_metrics_spec/>
    OpenMetrics,
    /// The format 0.0.4, which everything reads.
    Plain,
}

impl Format {
    /// The one that an `Accept` header asks for.
    pub(crate) fn of_accept(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") {
            Self::OpenMetrics
        } else {
            Self::Plain
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Plain => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Writes everything that a collector has.
pub(crate) fn write(collector: impl Collector, format: Format) -> String {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collector));
    let mut text = String::with_capacity(64 * 1024);
    // A string takes everything.
    _ = prometheus_client::encoding::text::encode(&mut text, &registry);
    match format {
        Format::OpenMetrics => text,
        Format::Plain => plain(&text),
    }
}

/// OpenMetrics in the format 0.0.4, where a counter is called as its samples are, and comments mean nothing.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut help = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ');
        } else if let Some((name, kind)) =
            line.strip_prefix("# TYPE ").and_then(|it| it.split_once(' '))
        {
            let suffix = if kind == "counter" { "_total" } else { "" };
            if let Some((_, help)) = help.take() {
                out.extend(["# HELP ", name, suffix, " ", help, "\n"]);
            }
            out.extend(["# TYPE ", name, suffix, " ", kind, "\n"]);
        } else if !line.starts_with('#') {
            out.extend([line, "\n"]);
        }
    }
    out
}

/// Writes metric after metric. A metric without a sample is left out.
#[derive(Debug)]
pub(super) struct Writer<'a>(pub(super) DescriptorEncoder<'a>);

impl Writer<'_> {
    /// A counter with a sample for each set of labels; `name` is without `_total`.
    pub(super) fn counters<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return Ok(());
        }
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, n) in samples {
            let mut one = metric.encode_family(&labels)?;
            one.encode_counter::<NoLabelSet, _, u64>(&n, None)?;
        }
        Ok(())
    }

    /// The same of milliseconds, told in seconds.
    pub(super) fn seconds<L: EncodeLabelSet>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, u64)>,
    ) -> fmt::Result {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return Ok(());
        }
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Counter)?;
        for (labels, ms) in samples {
            let mut one = metric.encode_family(&labels)?;
            one.encode_counter::<NoLabelSet, _, u64>(&(ms as f64 / 1_000.0), None)?;
        }
        Ok(())
    }

    /// A gauge with a sample for each set of labels.
    pub(super) fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return Ok(());
        }
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Gauge)?;
        for (labels, value) in samples {
            metric.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// A counter without labels.
    pub(super) fn counter(&mut self, name: &str, help: &str, n: u64) -> fmt::Result {
        self.counters(name, help, [(NONE, n)])
    }

    /// A gauge without labels.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: f64) -> fmt::Result {
        self.gauges(name, help, [(NONE, value)])
    }

    /// A histogram with one for each set of labels.
    pub(super) fn histograms<L: EncodeLabelSet, const N: usize>(
        &mut self,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (L, Buckets<N>)>,
    ) -> fmt::Result {
        let mut samples = samples.into_iter().peekable();
        if samples.peek().is_none() {
            return Ok(());
        }
        let mut metric = self.0.encode_descriptor(name, help, None, MetricType::Histogram)?;
        for (labels, it) in samples {
            let mut one = metric.encode_family(&labels)?;
            one.encode_histogram::<NoLabelSet>(it.sum(), it.count(), &it.classes(), None)?;
        }
        Ok(())
    }
}

/// No labels.
pub(super) const NONE: [(&str, &str); 0] = [];

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Some2;

    impl Collector for Some2 {
        fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
            let mut writer = Writer(encoder);
            writer.counters("a", "As.", [([("room", "x")], 3)])?;
            writer.gauge("b", "Bs.", 0.5)?;
            writer.counters("left_out", "None.", [(NONE, 1); 0])?;
            let mut buckets = Buckets::new(&[0.1]);
            buckets.note(0.05);
            buckets.note(2.0);
            writer.histograms("c_seconds", "Cs.", [([("page", "room")], buckets)])
        }
    }

    #[test]
    fn both_formats_say_the_same() {
        let samples = "c_seconds_sum{page=\"room\"} 2.05\n\
                       c_seconds_count{page=\"room\"} 2\n\
                       c_seconds_bucket{le=\"0.1\",page=\"room\"} 1\n\
                       c_seconds_bucket{le=\"+Inf\",page=\"room\"} 2\n";
        let open = format!(
            "# HELP a As.\n# TYPE a counter\na_total{{room=\"x\"}} 3\n# HELP b Bs.\n# TYPE b gauge\nb 0.5\n\
             # HELP c_seconds Cs.\n# TYPE c_seconds histogram\n{samples}# EOF\n"
        );
        assert_eq!(write(Some2, Format::OpenMetrics), open);
        let plain = open.replace(" a As", " a_total As").replace("TYPE a ", "TYPE a_total ");
        assert_eq!(write(Some2, Format::Plain), plain.replace("# EOF\n", ""));
    }

    #[test]
    fn prometheus_gets_open_metrics_and_others_what_everything_reads() {
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3";
        assert_eq!(Format::of_accept(prometheus), Format::OpenMetrics);
        assert_eq!(Format::of_accept("*/*"), Format::Plain);
    }
}
