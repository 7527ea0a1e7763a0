//! A strict reader of the text format of Prometheus, version 0.0.4.

use std::collections::{BTreeMap, BTreeSet};

/// The labels of a sample, in their order.
type Labels = Vec<(String, String)>;

/// A text, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    /// The type of each family.
    kinds: BTreeMap<String, String>,
    samples: BTreeMap<(String, Labels), f64>,
}

impl Parsed {
    /// Reads a text; what is not as it has to be ends the test.
    #[track_caller]
    pub(crate) fn read(text: &str) -> Self {
        assert!(text.ends_with('\n'), "the last line does not end");
        let (mut parsed, mut family) = (Self::default(), None::<(String, String)>);
        let mut helped = String::new();
        for line in text.lines() {
            if let Some(help) = line.strip_prefix("# HELP ") {
                let (name, help) = help.split_once(' ').expect(line);
                assert!(!help.is_empty() && is_name(name), "{line}");
                helped = name.to_owned();
            } else if let Some(kind) = line.strip_prefix("# TYPE ") {
                let (name, kind) = kind.split_once(' ').expect(line);
                assert!(name == helped && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
                assert!(parsed.kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "again: {line}");
                assert_eq!(name.ends_with("_total"), kind == "counter", "{line}");
                family = Some((name.to_owned(), kind.to_owned()));
            } else {
                let (name, labels, value) = sample(line);
                let (family, kind) = family.as_ref().expect("a sample follows its family");
                let suffixes: &[&str] = if kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
                assert!(suffixes.iter().any(|suffix| name == format!("{family}{suffix}")), "{line}");
                assert!(parsed.samples.insert((name, labels), value).is_none(), "again: {line}");
            }
        }
        parsed.check_histograms();
        parsed
    }

    /// Buckets grow with their bounds, and the last one holds all.
    fn check_histograms(&self) {
        let mut rows: BTreeMap<(&str, Labels), Vec<(f64, f64)>> = BTreeMap::new();
        for ((name, labels), value) in &self.samples {
            let Some(family) = name.strip_suffix("_bucket") else { continue };
            let (bounds, others): (Labels, Labels) = labels.iter().cloned().partition(|(name, _)| name == "le");
            rows.entry((family, others)).or_default().push((number(&bounds[0].1), *value));
        }
        for ((family, labels), mut row) in rows {
            row.sort_by(|left, right| left.0.total_cmp(&right.0));
            assert!(
                row.is_sorted_by(|left, right| left.0 < right.0 && left.1 <= right.1),
                "{family} {labels:?} {row:?}"
            );
            let last = *row.last().unwrap();
            let count = self.samples[&(format!("{family}_count"), labels.clone())];
            assert_eq!(last, (f64::INFINITY, count), "{family} {labels:?}");
            let sum = self.samples[&(format!("{family}_sum"), labels)];
            assert!(sum >= 0.0 && (count > 0.0 || sum == 0.0), "{family} {sum}");
        }
    }

    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.samples.get(&(name.to_owned(), labels)).copied()
    }

    /// The sum of all samples with a name.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        self.samples.iter().filter(|((known, _), _)| known == name).map(|(_, value)| value).sum()
    }

    /// All values of a label.
    pub(crate) fn labels(&self, name: &str) -> BTreeSet<String> {
        let labels = self.samples.keys().flat_map(|(_, labels)| labels);
        labels.filter(|(known, _)| known == name).map(|(_, value)| value.clone()).collect()
    }

    /// The families, each with its type.
    pub(crate) fn families(&self) -> Vec<(String, String)> {
        self.kinds.clone().into_iter().collect()
    }

    /// Nothing that only grows is less than it was.
    #[track_caller]
    pub(crate) fn assert_follows(&self, earlier: &Self) {
        let grows = |name: &str| ["_total", "_bucket", "_sum", "_count"].iter().any(|end| name.ends_with(end));
        for ((name, labels), value) in earlier.samples.iter().filter(|((name, _), _)| grows(name)) {
            let now = self.samples[&(name.clone(), labels.clone())];
            assert!(now >= *value, "{name} {labels:?}: {now} after {value}");
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_first = |byte: u8| byte.is_ascii_alphabetic() || byte == b'_';
    text.bytes().next().is_some_and(is_first) && text.bytes().all(|byte| is_first(byte) || byte.is_ascii_digit())
}

/// `name{label="value",…} number`.
fn sample(line: &str) -> (String, Labels, f64) {
    let (named, value) = line.rsplit_once(' ').expect(line);
    let (name, labels) = match named.split_once('{') {
        None => (named, Vec::new()),
        Some((name, labels)) => (name, all_labels(labels.strip_suffix('}').expect(line))),
    };
    assert!(is_name(name), "{line}");
    (name.to_owned(), labels, number(value))
}

fn all_labels(mut text: &str) -> Labels {
    let mut labels = Labels::new();
    loop {
        let (name, rest) = text.split_once("=\"").expect(text);
        // No value here has anything to escape.
        let (value, rest) = rest.split_once('"').expect(text);
        assert!(is_name(name) && !value.contains(['\\', '\n']), "{text}");
        labels.push((name.to_owned(), value.to_owned()));
        match rest.strip_prefix(',') {
            Some(more) => text = more,
            None => {
                assert_eq!(rest, "", "{text}");
                return labels;
            }
        }
    }
}

fn number(text: &str) -> f64 {
    if text == "+Inf" { f64::INFINITY } else { text.parse().expect(text) }
}
