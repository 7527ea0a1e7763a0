//! The timestamp extension: three binary forms, one text.

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};

/// The extension's type.
pub(super) const TYPE: i8 = -1;

/// RFC 3339 text in UTC, with milliseconds; what is finer is cut off. `None` for a length that the MessagePack
/// specification does not know, a second of more than 10⁹ nanoseconds, and a year that RFC 3339 cannot write.
pub(super) fn text(payload: &[u8]) -> Option<String> {
    let (seconds, nanoseconds) = parts(payload)?;
    if nanoseconds >= 1_000_000_000 {
        return None;
    }
    let since_epoch = SignedDuration::from_secs(seconds) + SignedDuration::from_nanos(nanoseconds.into());
    let time = date(1970, 1, 1).to_datetime(jiff::civil::Time::midnight()).checked_add(since_epoch).ok()?;
    (time.year() >= 0).then(|| rfc3339(time))
}

fn rfc3339(time: DateTime) -> String {
    format!("{time:.3}Z")
}

fn parts(payload: &[u8]) -> Option<(i64, u32)> {
    if let Ok(seconds) = payload.try_into() {
        return Some((u32::from_be_bytes(seconds).into(), 0));
    }
    if let Ok(both) = payload.try_into() {
        let both = u64::from_be_bytes(both);
        let seconds = i64::try_from(both & 0x3_ffff_ffff).ok()?;
        return Some((seconds, u32::try_from(both >> 34).ok()?));
    }
    let (nanoseconds, seconds) = payload.split_first_chunk()?;
    Some((i64::from_be_bytes(seconds.try_into().ok()?), u32::from_be_bytes(*nanoseconds)))
}

#[cfg(test)]
mod tests {
    use super::text;

    fn long(nanoseconds: u32, seconds: i64) -> Option<String> {
        text(&[&nanoseconds.to_be_bytes()[..], &seconds.to_be_bytes()].concat())
    }

    #[test]
    fn all_three_lengths_are_read() {
        assert_eq!(text(&[0; 4]).as_deref(), Some("1970-01-01T00:00:00.000Z"));
        assert_eq!(text(&u32::MAX.to_be_bytes()).as_deref(), Some("2106-02-07T06:28:15.000Z"));
        let both = (987_654_321_u64 << 34) | 1_700_000_000;
        assert_eq!(text(&both.to_be_bytes()).as_deref(), Some("2023-11-14T22:13:20.987Z"));
        assert_eq!(long(1_000_000, -1).as_deref(), Some("1969-12-31T23:59:59.001Z"));
    }

    #[test]
    fn milliseconds_are_cut_not_rounded() {
        assert_eq!(long(999_999_999, 0).as_deref(), Some("1970-01-01T00:00:00.999Z"));
        assert_eq!(long(999_999_999, -1).as_deref(), Some("1969-12-31T23:59:59.999Z"));
    }

    #[test]
    fn four_digits_of_a_year_are_the_range() {
        assert_eq!(long(0, -62_167_219_200).as_deref(), Some("0000-01-01T00:00:00.000Z"));
        assert_eq!(long(0, -62_167_219_201), None);
        assert_eq!(long(0, 253_402_300_799).as_deref(), Some("9999-12-31T23:59:59.000Z"));
        assert_eq!(long(0, 253_402_300_800), None);
        assert_eq!(long(0, i64::MIN), None);
        assert_eq!(long(999_999_999, i64::MAX), None);
    }

    #[test]
    fn what_is_no_timestamp_is_refused() {
        assert_eq!(long(1_000_000_000, 0), None);
        assert_eq!(text(&u64::MAX.to_be_bytes()), None);
        for length in [0, 1, 2, 3, 5, 7, 9, 11, 13, 16] {
            assert_eq!(text(&vec![0; length]), None, "{length}");
        }
    }
}
