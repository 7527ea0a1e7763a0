//! Numbers with a unit.
//!
//! `rpc-core` compiles this file too: it reads at run time what attributes say at compile time, and a crate of macros exports
//! macros only.

/// Units of size and their bytes.
pub(crate) const SIZES: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Units of time and their milliseconds.
pub(crate) const TIMES: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("day", 86_400_000), ("days", 86_400_000)];

/// Periods of a rate and their seconds.
pub(crate) const PERIODS: &[(&str, u64)] = &[("s", 1), ("min", 60), ("h", 3600), ("day", 86_400)];

/// A whole number times its unit, which one space may part: `1 MiB`.
pub(crate) fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = split(text);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    whole(number)?.checked_mul(*scale)
}

/// The calls and the seconds of a rate: `10/min`.
pub(crate) fn rate(text: &str) -> Option<(u32, u64)> {
    let (calls, period) = text.split_once('/')?;
    let (_, seconds) = PERIODS.iter().find(|(name, _)| *name == period.trim())?;
    Some((whole(calls.trim())?.try_into().ok()?, *seconds))
}

/// The number and the unit.
pub(crate) fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.strip_prefix(' ').unwrap_or(unit))
}

/// A number of digits only: no sign.
pub(crate) fn whole(number: &str) -> Option<u64> {
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()
}
