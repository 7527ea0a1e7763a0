//! Numbers with a unit.

/// Units of size and their bytes.
pub const SIZES: &[(&str, u64)] = &[("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];

/// Units of time and their milliseconds.
pub const TIMES: &[(&str, u64)] =
    &[("ms", 1), ("s", 1000), ("min", 60_000), ("h", 3_600_000), ("day", 86_400_000), ("days", 86_400_000)];

/// Periods of a rate and their seconds.
pub const PERIODS: &[(&str, u64)] = &[("s", 1), ("min", 60), ("h", 3600), ("day", 86_400)];

/// A whole number times its unit, which one space may part: `1 MiB`.
#[must_use]
pub fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let (number, unit) = split(text);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    whole(number)?.checked_mul(*scale)
}

/// The calls and the seconds of a rate: `10/min`.
#[must_use]
pub fn rate(text: &str) -> Option<(u32, u64)> {
    let (calls, period) = text.split_once('/')?;
    let (_, seconds) = PERIODS.iter().find(|(name, _)| *name == period.trim())?;
    Some((whole(calls.trim())?.try_into().ok()?, *seconds))
}

/// The number and the unit.
#[must_use]
pub fn split(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.strip_prefix(' ').unwrap_or(unit))
}

/// A number of digits only: no sign.
#[must_use]
pub fn whole(number: &str) -> Option<u64> {
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| number.parse().ok()).flatten()
}
