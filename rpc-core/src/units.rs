//! Sizes, times and rates as texts, for configuration and for people. A unit is always written, so that nobody has to guess it.
//!
//! The grammar is that of the attributes, and what is written is read as the same quantity.

use std::time::Duration;

use rpc_grammar::units::{self as grammar, PERIODS, SIZES, TIMES};

use crate::limits::Rate;

/// The longest time, a hundred years: sums with it fit everywhere.
const LONGEST_MS: u64 = 100 * 365 * 86_400_000;

/// Bytes, at least one, in powers of 1024: `512 B`, `64KiB`, `1 MiB`, `2 GiB`.
#[must_use]
pub fn parse_size(text: &str) -> Option<u64> {
    grammar::scaled(text, SIZES).filter(|bytes| *bytes > 0)
}

/// A time, longer than none and of a hundred years at most: `250ms`, `30s`, `15 min`, `24h`, `1day`, `30days`.
#[must_use]
pub fn parse_time(text: &str) -> Option<Duration> {
    let milliseconds = grammar::scaled(text, TIMES)?;
    (1..=LONGEST_MS).contains(&milliseconds).then(|| Duration::from_millis(milliseconds))
}

/// Calls over a period, at least one: `5/s`, `10/min`, `100/h`, `1000 / day`.
#[must_use]
pub fn parse_rate(text: &str) -> Option<Rate> {
    let (calls, seconds) = grammar::rate(text).filter(|(calls, _)| *calls > 0)?;
    Some(Rate { calls, period: Duration::from_secs(seconds) })
}

/// Bytes in the largest unit that divides them: `10 MiB`.
#[must_use]
pub fn format_size(bytes: u64) -> String {
    let unit = SIZES.iter().rev().find(|(_, unit)| bytes >= *unit && bytes.is_multiple_of(*unit));
    unit.map_or_else(|| format!("{bytes} B"), |(name, unit)| format!("{} {name}", bytes / unit))
}

/// A time in whole seconds, or else in milliseconds: `30s`, `1500ms`.
#[must_use]
pub fn format_time(time: Duration) -> String {
    if time.subsec_nanos() == 0 { format!("{}s", time.as_secs()) } else { format!("{}ms", time.as_millis()) }
}

/// Calls over a period: `10/min`. A period that has no name is told as a time: `3/90s`.
#[must_use]
pub fn format_rate(rate: Rate) -> String {
    let period = PERIODS.iter().find(|(_, seconds)| rate.period == Duration::from_secs(*seconds));
    let period = period.map_or_else(|| format_time(rate.period), |(name, _)| (*name).to_owned());
    format!("{}/{period}", rate.calls)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{format_rate, format_size, format_time, parse_rate, parse_size, parse_time};
    use crate::Rate;

    #[test]
    fn times_have_a_unit_and_are_longer_than_none() {
        for (text, milliseconds) in [
            ("250ms", Some(250)),
            ("30s", Some(30_000)),
            ("15 min", Some(900_000)),
            ("24h", Some(86_400_000)),
            ("1day", Some(86_400_000)),
            ("30days", Some(2_592_000_000)),
            ("36500days", Some(3_153_600_000_000)),
            ("36501days", None),
            ("0s", None),
            ("30", None),
            ("s", None),
            ("-1s", None),
            ("+1s", None),
            ("1.5h", None),
            ("1  s", None),
            ("1 S", None),
            ("99999999999999999999s", None),
            ("18446744073709551615s", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text), milliseconds.map(Duration::from_millis), "{text}");
        }
    }

    #[test]
    fn sizes_are_counted_in_powers_of_1024() {
        for (text, bytes) in [
            ("512B", Some(512)),
            ("8 KiB", Some(8192)),
            ("1MiB", Some(1 << 20)),
            ("2 GiB", Some(2 << 30)),
            ("0 B", None),
            ("1 MB", None),
            ("1", None),
            ("99999999999 GiB", None),
        ] {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
    }

    #[test]
    fn rates_are_calls_over_a_period() {
        let of = |calls, seconds| Some(Rate { calls, period: Duration::from_secs(seconds) });
        for (text, expected) in [
            ("10/min", of(10, 60)),
            ("1 / day", of(1, 86_400)),
            ("5/s", of(5, 1)),
            ("0/s", None),
            ("5", None),
            ("5/week", None),
            ("/s", None),
            ("4294967296/s", None),
        ] {
            assert_eq!(parse_rate(text), expected, "{text}");
        }
    }

    #[test]
    fn quantities_are_written_as_in_attributes() {
        let rates = [1, 60, 3_600, 86_400, 90]
            .map(|seconds| format_rate(Rate { calls: 3, period: Duration::from_secs(seconds) }));
        assert_eq!(rates, ["3/s", "3/min", "3/h", "3/day", "3/90s"]);
        assert_eq!(
            [30_000, 1_500].map(|milliseconds| format_time(Duration::from_millis(milliseconds))),
            ["30s", "1500ms"]
        );
        assert_eq!(
            [0, 1000, 1024, 1536, 10 << 20, 3 << 30].map(format_size),
            ["0 B", "1000 B", "1 KiB", "1536 B", "10 MiB", "3 GiB"]
        );
    }

    #[test]
    fn what_is_written_is_read_as_the_same_quantity() {
        for number in [1, 90, 1000, 1024, 1536, 10 << 20, 3 << 30, 86_400_000] {
            let time = Duration::from_millis(number);
            assert_eq!(parse_size(&format_size(number)), Some(number));
            assert_eq!(parse_time(&format_time(time)), Some(time));
        }
        for seconds in [1, 60, 3_600, 86_400] {
            let rate = Rate { calls: 3, period: Duration::from_secs(seconds) };
            assert_eq!(parse_rate(&format_rate(rate)), Some(rate));
        }
    }
}
