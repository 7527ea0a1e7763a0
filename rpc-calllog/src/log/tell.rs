//! The task that logs, once a second at most, which calls are not logged.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::Shared;

/// The pause between two lines.
const PAUSE: Duration = Duration::from_secs(1);
/// Methods that a line names.
const NAMED: usize = 10;

/// Reports until the log is stopped.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut told = HashMap::new();
    let mut is_stopped = false;
    while !is_stopped {
        is_stopped = shared.stopping.run_until_cancelled(shared.dropped.notified()).await.is_none();
        let news = news(&shared.counters.drops.by_method(), &mut told);
        if !news.is_empty() {
            let (dropped, methods) = (total(&news), names(&news));
            tracing::error!(
                event = "calllog.dropped",
                dropped,
                methods,
                "{dropped} calls were not logged, too many waited: {methods}"
            );
        }
        is_stopped |= shared.stopping.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none();
    }
}

/// The counts that were not reported yet. They are noted as reported.
fn news(counts: &[(&'static str, u64)], told: &mut HashMap<&'static str, u64>) -> Vec<(&'static str, u64)> {
    let new = |&(method, count): &(_, u64)| (method, count - told.insert(method, count).unwrap_or_default());
    counts.iter().map(new).filter(|(_, count)| *count > 0).collect()
}

pub(super) fn total(counts: &[(&'static str, u64)]) -> u64 {
    counts.iter().map(|(_, count)| count).sum()
}

/// `/v1/a: 40, /v1/b: 2`, the greatest first.
pub(super) fn names(counts: &[(&'static str, u64)]) -> String {
    let mut counts = counts.to_vec();
    counts.sort_unstable_by_key(|(method, count)| (Reverse(*count), *method));
    let (named, others) = counts.split_at(counts.len().min(NAMED));
    let mut names: Vec<_> = named.iter().map(|(method, count)| format!("{method}: {count}")).collect();
    if !others.is_empty() {
        names.push(format!("{} of {} other methods", total(others), others.len()));
    }
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{names, news};

    #[test]
    fn only_what_is_new_is_told() {
        let mut told = HashMap::new();
        assert_eq!(news(&[("/v1/a", 2), ("/v1/b", 1)], &mut told), [("/v1/a", 2), ("/v1/b", 1)]);
        assert_eq!(news(&[("/v1/a", 5), ("/v1/b", 1)], &mut told), [("/v1/a", 3)]);
        assert_eq!(news(&[("/v1/a", 5), ("/v1/b", 1)], &mut told), []);
    }

    #[test]
    fn the_methods_with_the_most_are_named() {
        assert_eq!(names(&[("/v1/a", 1), ("/v1/b", 40), ("/v1/c", 1)]), "/v1/b: 40, /v1/a: 1, /v1/c: 1");
        let many: Vec<_> = (0..12_u64).map(|number| (&*format!("/v1/{number:02}").leak(), 100 - number)).collect();
        assert!(names(&many).ends_with("/v1/09: 91, 179 of 2 other methods"), "{}", names(&many));
    }
}
