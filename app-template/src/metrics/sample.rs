//! Metrics become text: the one place that knows the encoder.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NoLabelSet, prometheus_text,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use super::snapshot::Snapshot;

/// The media type of the text.
pub(super) const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;

/// What a metric is to Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Only grows, from the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Calls by how long they took.
    Histogram,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    const fn encoded(self) -> MetricType {
        match self {
            Self::Counter => MetricType::Counter,
            Self::Gauge => MetricType::Gauge,
            Self::Histogram => MetricType::Histogram,
        }
    }
}

/// A metric, as the one table of all metrics has it.
#[derive(Debug)]
pub(super) struct Metric {
    /// Without the `_total` that counters end with.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) labels: &'static [&'static str],
    /// What it means, without a full stop.
    pub(super) text: &'static str,
    /// Reads it. What there is nothing to say of has no samples.
    pub(super) read: fn(&Snapshot) -> Vec<Sample>,
}

impl Metric {
    /// The name under which it is found.
    pub(super) fn full_name(&self) -> String {
        let end = if self.kind == Kind::Counter { "_total" } else { "" };
        format!("{}{end}", self.name)
    }
}

/// One number of a metric, or one histogram, with the values of its labels in their order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample {
    pub(super) labels: Vec<String>,
    pub(super) value: Value,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Count(u64),
    Level(f64),
    /// Calls by the bounds of their classes in seconds, the last one without a bound.
    Times {
        seconds: f64,
        classes: Vec<(f64, u64)>,
    },
}

/// The metrics of a table that have samples, as text.
pub(super) fn encode(metrics: &'static [Metric], snapshot: &Snapshot) -> String {
    let read = metrics.iter().map(|metric| (metric, (metric.read)(snapshot)));
    let collected = Collected(read.filter(|(_, samples)| !samples.is_empty()).collect());
    let mut registry = Registry::default();
    registry.register_collector(Box::new(collected));
    let mut text = String::new();
    prometheus_text::encode(&mut text, &registry).expect("a `String` takes every text");
    text
}

#[derive(Debug)]
struct Collected(Vec<(&'static Metric, Vec<Sample>)>);

impl Collector for Collected {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for (metric, samples) in &self.0 {
            let mut family = encoder.encode_descriptor(metric.name, metric.text, None, metric.kind.encoded())?;
            for sample in samples {
                let labels = Labels { names: metric.labels, values: &sample.labels };
                sample.value.encode(family.encode_family(&labels)?)?;
            }
        }
        Ok(())
    }
}

impl Value {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => encoder.encode_counter::<NoLabelSet, _, u64>(count, None),
            Self::Level(level) => encoder.encode_gauge(level),
            Self::Times { seconds, classes } => {
                let count = classes.iter().map(|(_, calls)| calls).sum();
                encoder.encode_histogram::<NoLabelSet>(*seconds, count, classes, None)
            }
        }
    }
}

struct Labels<'s> {
    names: &'static [&'static str],
    values: &'s [String],
}

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        let mut labels = self.names.iter().zip(self.values);
        labels.try_for_each(|(name, value)| (*name, value.as_str()).encode(encoder.encode_label()))
    }
}
