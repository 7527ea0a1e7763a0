//! Texts of quantities: times, sizes, rates. A unit is always written, so that nobody has to guess it.

use std::time::Duration;

use rpc_core::Rate;

/// The units of a time and their milliseconds.
const TIMES: [(&str, u64); 6] =
    [("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("day", 86_400_000), ("days", 86_400_000)];
/// The units of a size and their bytes.
const SIZES: [(&str, u64); 4] = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
/// Seconds of a day.
const DAY: u64 = 86_400;
/// The periods of a rate and their seconds.
const PERIODS: [(&str, u64); 4] = [("s", 1), ("min", 60), ("h", 3600), ("day", DAY)];

/// The longest time, a hundred years: sums with it fit everywhere.
const LONGEST_MS: u64 = 100 * 365 * 86_400_000;

/// A time, longer than none: `30s`, `15 min`, `30days`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let milliseconds = scaled(text, &TIMES)?;
    (1..=LONGEST_MS).contains(&milliseconds).then(|| Duration::from_millis(milliseconds))
}

/// Bytes, at least one: `64 KiB`.
pub(super) fn size(text: &str) -> Option<u64> {
    scaled(text, &SIZES).filter(|bytes| *bytes > 0)
}

/// Calls over a period, at least one: `10/min`.
pub(super) fn rate(text: &str) -> Option<Rate> {
    let (calls, period) = text.split_once('/')?;
    let calls = u32::try_from(whole(calls.trim())?).ok().filter(|calls| *calls > 0)?;
    let (_, seconds) = PERIODS.iter().find(|(name, _)| *name == period.trim())?;
    Some(Rate { calls, period: Duration::from_secs(*seconds) })
}

/// What rates are compared by.
pub(super) fn calls_a_day(rate: &Rate) -> u128 {
    u128::from(rate.calls) * u128::from(DAY) / u128::from(rate.period.as_secs().max(1))
}

/// A whole number times its unit, which one space may part.
fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let unit = unit.strip_prefix(' ').unwrap_or(unit);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    whole(number)?.checked_mul(*scale)
}

fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rpc_core::Rate;

    use super::{duration, rate, size};

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
            assert_eq!(duration(text), milliseconds.map(Duration::from_millis), "{text}");
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
            assert_eq!(size(text), bytes, "{text}");
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
            assert_eq!(rate(text), expected, "{text}");
        }
    }
}
