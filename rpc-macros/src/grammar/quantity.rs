//! Numbers with a unit, and what is wrong with one: sizes, durations, rates.

use std::time::Duration;

use rpc_grammar::units::{self, PERIODS, SIZES};

use crate::fault::Fault;

/// The longest `timeout`.
const MAX_TIMEOUT: Duration = Duration::from_secs(60 * 60);

/// Units of a `timeout`: up to minutes.
const TIMES: &[(&str, u64)] = units::TIMES.split_at(3).0;

/// Calls over a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) calls: u32,
    pub(crate) seconds: u64,
}

/// Bytes: `"1 MiB"`.
///
/// # Errors
///
/// Not a whole number above zero with one of the units, or too large for 64 bits.
pub(crate) fn size(text: &str) -> Result<u64, Fault> {
    let bytes =
        units::scaled(text, SIZES).ok_or_else(|| Fault::new(format!("`{text}` is not a size"), size_help(text)))?;
    if bytes == 0 {
        return Err(Fault::new("the size is zero", "write at least `1 B`"));
    }
    Ok(bytes)
}

/// A time: `"30s"`.
///
/// # Errors
///
/// Not a whole number above zero with one of the units, or more than an hour.
pub(crate) fn timeout(text: &str) -> Result<Duration, Fault> {
    let help = format!("write a whole number and one of {}, such as `30s`", names(TIMES));
    let time = units::scaled(text, TIMES).ok_or_else(|| Fault::new(format!("`{text}` is not a time"), help))?;
    let time = Duration::from_millis(time);
    if time.is_zero() {
        return Err(Fault::new("the time is zero", "write at least `1ms`"));
    }
    if time > MAX_TIMEOUT {
        return Err(Fault::new("the time is longer than an hour", "write at most `60min`"));
    }
    Ok(time)
}

/// A time after which something is tried again: `"30s"`.
///
/// # Errors
///
/// Not a whole number above zero with one of the units.
pub(crate) fn time(text: &str) -> Result<Duration, Fault> {
    let help = format!("write a whole number above zero and one of {}, such as `30s`", names(units::TIMES));
    let time = units::scaled(text, units::TIMES).filter(|time| *time > 0);
    time.map(Duration::from_millis).ok_or_else(|| Fault::new(format!("`{text}` is not a time"), help))
}

/// Calls over a period: `"10/min"`.
///
/// # Errors
///
/// Not a whole number above zero, a slash, and one of the periods.
pub(crate) fn rate(text: &str) -> Result<Rate, Fault> {
    let parsed = units::rate(text).filter(|_| !text.contains(char::is_whitespace));
    let help = format!("write calls, a slash, and one of {}, such as `10/min`", names(PERIODS));
    let (calls, seconds) = parsed.ok_or_else(|| Fault::new(format!("`{text}` is not a rate"), help))?;
    if calls == 0 {
        return Err(Fault::new("the rate allows no call", "write at least `1/day`"));
    }
    Ok(Rate { calls, seconds })
}

fn size_help(text: &str) -> String {
    let (number, unit) = units::split(text);
    let meant = SIZES.iter().find(|(name, _)| {
        let short = name.replace('i', "");
        unit.eq_ignore_ascii_case(name) || unit.eq_ignore_ascii_case(&short) || unit.eq_ignore_ascii_case(&short[..1])
    });
    match meant {
        Some((name, _)) if units::whole(number).is_some() => {
            format!("write `{number} {name}`: sizes are counted in powers of 1024")
        }
        _ => format!("write a whole number and one of {}, such as `1 MiB`", names(SIZES)),
    }
}

fn names(units: &[(&str, u64)]) -> String {
    units.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_a_space() {
        assert_eq!(size("1 B"), Ok(1));
        assert_eq!(size("64KiB"), Ok(64 << 10));
        assert_eq!(size("1 MiB"), Ok(1 << 20));
        assert_eq!(size("3 GiB"), Ok(3 << 30));
    }

    #[test]
    fn a_size_in_another_unit_is_refused_with_the_unit_to_write() {
        for text in ["10 KB", "10KB", "10 kb", "10 K", "10 kib"] {
            let fault = size(text).expect_err(text);
            assert!(fault.help.contains("write `10 KiB`"), "{text}: {}", fault.help);
        }
        for text in ["", "MiB", "1.5 MiB", "-1 MiB", "1  MiB", "1 MiB ", "10", "1 TiB", "99999999999 GiB", "+1 B"] {
            assert!(size(text).expect_err(text).message.contains("is not a size"), "{text}");
        }
        assert_eq!(size("0 MiB").expect_err("zero").message, "the size is zero");
    }

    #[test]
    fn times_are_read_up_to_an_hour() {
        assert_eq!(timeout("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(timeout("30 s"), Ok(Duration::from_secs(30)));
        assert_eq!(timeout("60min"), Ok(Duration::from_secs(3600)));
        assert!(timeout("61min").expect_err("too long").message.contains("longer than an hour"));
        assert!(timeout("0s").expect_err("zero").message.contains("zero"));
        for text in ["", "30", "s", "1.5s", "30 sec", "1h", "-1s"] {
            assert!(timeout(text).expect_err(text).message.contains("is not a time"), "{text}");
        }
    }

    #[test]
    fn rates_are_calls_over_a_period() {
        assert_eq!(rate("10/min"), Ok(Rate { calls: 10, seconds: 60 }));
        assert_eq!(rate("1/s"), Ok(Rate { calls: 1, seconds: 1 }));
        assert_eq!(rate("5/h"), Ok(Rate { calls: 5, seconds: 3600 }));
        assert_eq!(rate("4294967295/day"), Ok(Rate { calls: u32::MAX, seconds: 86_400 }));
        assert!(rate("0/min").expect_err("none").message.contains("allows no call"));
        for text in ["", "10", "/min", "10/", "10/minute", "10 / min", "1.5/s", "4294967296/day", "-1/s"] {
            assert!(rate(text).expect_err(text).message.contains("is not a rate"), "{text}");
        }
    }
}
