//! What a statement saw: which transactions had ended.

/// A `pg_snapshot` of Postgres, in its text form `first:next:running,…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    /// No transaction from this one on had ended.
    pub(super) next: u64,
    /// Those before it that had not.
    pub(super) running: Vec<u64>,
}

impl Snapshot {
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ':');
        let (_first, next, running) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        let running = running.split(',').filter(|number| !number.is_empty()).map(|number| number.parse().ok());
        Some(Self { next, running: running.collect::<Option<_>>()? })
    }

    /// Whether what a transaction did, if it came to an end, was seen.
    pub(super) fn has(&self, transaction: u64) -> bool {
        transaction < self.next && !self.running.contains(&transaction)
    }
}

#[cfg(test)]
mod tests {
    use super::Snapshot;

    #[test]
    fn transactions_that_had_ended_are_told_from_others() {
        let snapshot = Snapshot::read("10:20:10,14,15").unwrap();
        let seen: Vec<u64> = (8..22).filter(|number| snapshot.has(*number)).collect();
        assert_eq!(seen, [8, 9, 11, 12, 13, 16, 17, 18, 19]);
        assert!(Snapshot::read("10:10:").unwrap().has(9));
    }

    #[test]
    fn what_is_no_snapshot_is_none() {
        for text in ["", "1", "1:2", "1:x:", "1:2:x", "1:2:1,,x"] {
            assert_eq!(Snapshot::read(text), None, "{text}");
        }
    }
}
